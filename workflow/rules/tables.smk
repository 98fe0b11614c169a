rule tables:
    input:
        rejection=EXPERIMENT.rejection_files(),
        clt=EXPERIMENT.layer_files("clt"),
        tails=EXPERIMENT.layer_files("tails"),
        langevin=EXPERIMENT.langevin_files(),
        training=EXPERIMENT.training_files(),
        pieces=EXPERIMENT.piece_folders(),
        studies=EXPERIMENT.studies(),
    output:
        report(
            directory(PATHS.tables),
            patterns=["{name}.csv"],
            caption="../report/tables.rst",
            category="Tables",
        ),
    log:
        PATHS.log(PATHS.tables),
    resources:
        mem_mb=stage("tables").memory,
        runtime=stage("tables").minutes,
    params:
        *stage("tables").code,
        settings=stage("tables").settings,
        results=lambda wildcards, output: Path(output[0]).parent,
    shell:
        "python -m gradnoise.tables --settings {params.settings:q} --results {params.results:q}"
        " --output {output:q} 2> {log:q}"
