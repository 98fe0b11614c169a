import gc
import sys
from functools import cache
from pathlib import Path

# What planning makes is kept: of thousands of jobs a third of the time went into looking for what is not.
gc.disable()

ROOT = Path(workflow.basedir)
SOURCE = ROOT / "src"
sys.path[:0] = [str(ROOT / "workflow"), str(SOURCE)]

import environment
import failures
import groups
import jobs
import server
from experiment import Experiment
from fingerprint import canonical, fingerprint
from gradnoise.errors import InputError
from gradnoise.model import gpus
from gradnoise.store.paths import LAYER_STAGES
from remembered import remember
from snakemake.logging import logger
from stages import data, figures, related

environment.prepare(SOURCE)
remember(SOURCE, Path(".snakemake/fingerprints.json"))
FAILURES = failures.watch(logger, commands=workflow.output_settings.printshellcmds)


def stop(*lines):
    """End Snakemake with these as the last lines that a user sees."""
    logger.error("\n".join(lines))
    sys.exit(1)


try:
    EXPERIMENT = Experiment(config, [Path(file) for file in workflow.configfiles])
except InputError as error:
    stop("The config cannot be run:", str(error))

PATHS = EXPERIMENT.paths
if workflow.is_main_process:
    for note in EXPERIMENT.notes():
        logger.info(note)

# The local limit on jobs that use a GPU at once: each claims one. `--resources gpu=N` and profiles override it.
if gpus.visible():
    workflow.global_resources.setdefault("gpu", len(gpus.visible()))


wildcard_constraints:
    **jobs.WILDCARDS,


groups.stand_for_all(workflow.resource_settings, EXPERIMENT)


def submission(name):
    """Group of short jobs that share a submission, on a cluster: only its profiles give default resources."""
    return name if workflow.resource_settings.default_resources else None


@cache
def stage(name, layers=()):
    """Code, settings and needs of a stage's jobs, which may be about some layers."""
    return jobs.Stage(name, EXPERIMENT, SOURCE, layers)


def files_of(name, group):
    """Results of a stage of a group's layers."""
    return [PATHS.layer(name, parameter=layer) for layer in group.outputs]


def log_of(name, group):
    """Log of a group's job, which bears the name of its first layer."""
    return PATHS.log(PATHS.layer(name, parameter=group.outputs[0]))


def job_of(wildcards):
    return jobs.job_of(EXPERIMENT, wildcards)


def data_of(wildcards):
    return PATHS.data(job_of(wildcards).run.data)


def trained(wildcards):
    """Checkpoints of the networks that a run measures."""
    return PATHS.checkpoints(job_of(wildcards).run.trained_by, wildcards.seed)


def gradients_of(wildcards):
    """Per-sample gradients from which a run draws its batches."""
    return PATHS.gradients(EXPERIMENT.gradients_of(job_of(wildcards)))


def parts_of(wildcards):
    """What other jobs have written of a store that several make."""
    job = job_of(wildcards)
    whole = (
        PATHS.noise(job.checkpoint, job.repeat)
        if job.repeat
        else PATHS.gradients(job.checkpoint)
    )
    return [PATHS.part(whole, part.part, len(job.parts)) for part in job.parts]


def moments_of(wildcards):
    """Their moments."""
    return PATHS.moments(EXPERIMENT.gradients_of(job_of(wildcards)))


def measured_of(wildcards):
    """All layers' tests, distances and tails at a checkpoint."""
    job = job_of(wildcards)
    return [
        PATHS.layer(name, job.checkpoint, parameter.name)
        for parameter in job.run.measured
        for name in LAYER_STAGES
    ]


def noise_of(wildcards):
    """All repeats of a run's noise at a checkpoint."""
    job = job_of(wildcards)
    return [PATHS.noise(job.checkpoint, repeat) for repeat in job.run.repeats]
