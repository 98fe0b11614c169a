rule data:
    input:
        lambda wildcards: plan.data_inputs(EXPERIMENT.data[wildcards.data]),
    output:
        f"{OUTPUT}/data/{{data}}.h5",
    log:
        f"{LOGS}/data/{{data}}.log",
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        *source("data"),
        settings=lambda wildcards: planned_run.canonical(
            EXPERIMENT.data[wildcards.data]
        ),
        listing=lambda wildcards: plan.data_listing(EXPERIMENT.data[wildcards.data]),
        source=digest("data"),
    shell:
        "python -m gradnoise.data --settings {params.settings:q} --source {params.source}"
        " --output {output} 2> {log}"
