# Gradnoise: what is the noise of SGD, and what does it do to training?
#
#   data -> training -> gradients -> noise   -> gaussianity, tails -> tables -> figures, claims, report
#                                  -> moments -> clt
#                   -> trajectory -> langevin
from snakemake.utils import min_version

min_version("9.20")


configfile: "config.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/training.smk"
include: "workflow/rules/gradients.smk"
include: "workflow/rules/noise.smk"
include: "workflow/rules/gaussianity.smk"
include: "workflow/rules/moments.smk"
include: "workflow/rules/clt.smk"
include: "workflow/rules/tails.smk"
include: "workflow/rules/rejection.smk"
include: "workflow/rules/trajectory.smk"
include: "workflow/rules/langevin.smk"
include: "workflow/rules/calibration.smk"
include: "workflow/rules/control.smk"
include: "workflow/rules/balance.smk"
include: "workflow/rules/geometry.smk"
include: "workflow/rules/related.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/claims.smk"
include: "workflow/rules/report.smk"


rule all:
    default_target: True
    input:
        PATHS.report,
        PATHS.noise_card,
        PATHS.claims,
        PATHS.tables,
        FIGURES,


onstart:
    gc.enable()
    if workflow.local_exec and not workflow.touch:
        server.start(SOURCE)


onerror:
    stop(f"Snakemake's log: {' '.join(log)}", *FAILURES.lines())
