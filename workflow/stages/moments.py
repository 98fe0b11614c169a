"""Moments of the per-sample gradient, from stored gradients or streaming over the samples."""

import sizes
from run import Job
from sizes import Resources
from stages import gradients

settings = gradients.settings


def resources(job: Job) -> Resources:
    """Some columns of a shard of stored gradients at a time; or two passes over the samples, of which none is kept."""
    run = job.run
    threads = run.sections.training.torch_threads
    if sizes.draws_from_samples(run):
        memory = sizes.STATISTICS_MB + sizes.mebibytes(4 * 2**24 + 64 * run.largest)
        seconds = 10 * run.samples * sizes.values(run) / sizes.DRAWN
        return Resources(memory, sizes.LEAST + int(seconds / 60), threads)
    memory = sizes.model_memory(run, sizes.PASS, copies=8)
    return Resources(memory, sizes.minutes(run, 6 * run.samples), threads, sizes.gpu(run))
