rule control:
    output:
        f"{OUTPUT}/control.csv",
    log:
        f"{LOGS}/control.log",
    resources:
        mem_mb=1500,
        runtime=10,
    params:
        *source("control"),
        settings=planned_run.canonical(EXPERIMENT.control.model_dump()),
    shell:
        "python -m gradnoise.control --settings {params.settings:q} --output {output} 2> {log}"
