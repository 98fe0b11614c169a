rule geometry:
    output:
        directory(PATHS.piece("geometry")),
    log:
        PATHS.log(PATHS.piece("geometry")),
    # Long jobs first, so that none is left over at the end.
    priority: 10
    resources:
        mem_mb=stage("geometry").memory,
        runtime=stage("geometry").minutes,
    params:
        *stage("geometry").code,
        stage("geometry").study,
        source=stage("geometry").source,
        settings=stage("geometry").settings,
    shell:
        "python -m gradnoise.geometry --settings {params.settings:q} --source {params.source:q}"
        " --output {output:q} 2> {log:q}"
