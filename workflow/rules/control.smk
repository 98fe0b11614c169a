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
    shell:
        "python -m gradnoise.control --settings {params.settings:q} --output {output:q} 2> {log:q}"
