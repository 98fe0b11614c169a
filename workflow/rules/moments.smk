rule moments:
    input:
        data=data_of,
        checkpoints=trained,
        gradients=rules.gradients.output,
    output:
        directory(PATHS.moments()),
    log:
        PATHS.log(PATHS.moments()),
    threads: stage("moments").threads
    resources:
        gpu=stage("moments").gpu,
        mem_mb=stage("moments").memory,
        runtime=stage("moments").minutes,
    params:
        *stage("moments").code,
        settings=stage("moments").settings,
        model=stage("moments").model,
        source=stage("moments").source,
    shell:
        "python -m gradnoise.moments --settings {params.settings:q} --source {params.source:q}"
        " --data {input.data:q} --checkpoints {input.checkpoints:q} --gradients {input.gradients:q}"
        " --output {output:q} 2> {log:q}"
