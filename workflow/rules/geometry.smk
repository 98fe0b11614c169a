rule geometry:
    output:
        directory(PATHS.studies("geometry")),
    log:
        PATHS.log(PATHS.studies("geometry")),
    # Long jobs first, so that none is left over at the end.
    priority: 10
    threads: stage("geometry").threads
    resources:
        mem_mb=stage("geometry").memory,
        runtime=stage("geometry").minutes,
    params:
        *stage("geometry").code,
        settings=stage("geometry").settings,
    shell:
        "python -m gradnoise.geometry --settings {params.settings:q} --output {output:q} 2> {log:q}"
