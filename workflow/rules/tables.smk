TRAININGS = sorted(
    {
        f"{OUTPUT}/{run.trained_by}/seed-{seed}/training.csv"
        for run in RUNS.values()
        for seed in run.seeds
    }
)
LANGEVIN = [file for run in RUNS.values() for file in EXPERIMENT.langevin_files(run)]


rule tables:
    input:
        gaussianity=EXPERIMENT.layer_files("gaussianity"),
        clt=EXPERIMENT.layer_files("clt"),
        tails=EXPERIMENT.layer_files("tails"),
        langevin=LANGEVIN,
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
        settings=planned_run.canonical(EXPERIMENT.tables_settings()),
        results=lambda wildcards, output: Path(output[0]).parent,
    shell:
        "python -m gradnoise.tables --settings {params.settings:q} --results {params.results}"
        " --output {output} 2> {log}"
