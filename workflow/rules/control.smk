rule control:
    output:
        PATHS.control,
    log:
        PATHS.log(PATHS.control),
    resources:
        mem_mb=stage("control").memory,
        runtime=stage("control").minutes,
    params:
        *stage("control").code,
        settings=stage("control").settings,
        source=stage("control").source,
    shell:
        "python -m gradnoise.control --settings {params.settings:q} --source {params.source:q}"
        " --output {output:q} 2> {log:q}"
