def layers(stage):
    """Per-layer results of a stage."""
    return [
        f"{OUTPUT}/{run.name}/seed-{seed}/epoch-{epoch}/{stage}/{parameter.name}.h5"
        for run, seed, epoch, parameter in EXPERIMENT.jobs()
    ]


TRAININGS = sorted(
    {
        f"{OUTPUT}/{run.trained_by}/seed-{seed}/training.csv"
        for run in RUNS.values()
        for seed in run.seeds
    }
)


rule tables:
    input:
        gaussianity=layers("gaussianity"),
        clt=layers("clt"),
        tails=layers("tails"),
        training=TRAININGS,
    output:
        report(
            directory(f"{OUTPUT}/tables"),
            patterns=["{name}.csv"],
            caption="../report/tables.rst",
            category="Tables",
        ),
    log:
        f"{LOGS}/tables.log",
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        *source("tables"),
        settings=plan.canonical(EXPERIMENT.tables_settings()),
        results=lambda wildcards, output: Path(output[0]).parent,
    shell:
        "python -m gradnoise.tables --settings {params.settings:q} --results {params.results}"
        " --output {output} 2> {log}"
