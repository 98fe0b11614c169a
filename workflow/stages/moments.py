"""Moments of the per-sample gradient, from stored gradients or streaming over the samples."""

import sizes
from run import Job
from sizes import Resources
from stages import gradients

settings = gradients.settings


def resources(job: Job) -> Resources:
    """All per-sample gradients of the data set, none of them kept."""
    return gradients.resources(job)._replace(gpu=sizes.sampling_gpu(job.run))
