rule trajectory:
    input:
        data=data_of,
        checkpoints=trained,
    output:
        directory(PATHS.trajectory()),
    log:
        PATHS.log(PATHS.trajectory()),
    # Long jobs first, so that none is left over at the end.
    priority: 10
    threads: stage("trajectory").threads
    resources:
        gpu=stage("trajectory").gpu,
        mem_mb=stage("trajectory").memory,
        runtime=stage("trajectory").minutes,
    params:
        *stage("trajectory").code,
        settings=stage("trajectory").settings,
        model=stage("trajectory").model,
        source=stage("trajectory").source,
    shell:
        "python -m gradnoise.trajectory --settings {params.settings:q} --source {params.source:q}"
        " --data {input.data:q} --checkpoints {input.checkpoints:q} --output {output:q} 2> {log:q}"
