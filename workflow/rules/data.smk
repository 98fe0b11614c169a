rule data:
    input:
        lambda wildcards: data.inputs(EXPERIMENT.data[wildcards.data]),
    output:
        PATHS.data(),
    log:
        PATHS.log(PATHS.data()),
    resources:
        mem_mb=stage("data").memory,
        runtime=stage("data").minutes,
    params:
        *stage("data").code,
        settings=stage("data").settings,
        listing=lambda wildcards: data.listing(EXPERIMENT.data[wildcards.data]),
        source=stage("data").source,
    shell:
        "python -m gradnoise.data --settings {params.settings:q} --source {params.source:q}"
        " --output {output:q} 2> {log:q}"
