rule gradients:
    input:
        data=data_of,
        checkpoints=trained,
        parts=parts_of,
    output:
        directory(PATHS.gradients()),
    log:
        PATHS.log(PATHS.gradients()),
    threads: stage("gradients").threads
    resources:
        gpu=stage("gradients").gpu,
        mem_mb=stage("gradients").memory,
        runtime=stage("gradients").minutes,
    params:
        *stage("gradients").code,
        settings=stage("gradients").settings,
        model=stage("gradients").model,
        source=stage("gradients").source,
    shell:
        "python -m gradnoise.gradients --settings {params.settings:q} --source {params.source:q}"
        " --data {input.data:q} --checkpoints {input.checkpoints:q} --parts {input.parts:q}"
        " --output {output:q} 2> {log:q}"


# One of noise.shards jobs, each with some files of the store.
rule gradients_part:
    input:
        data=data_of,
        checkpoints=trained,
    output:
        directory(PATHS.part(PATHS.gradients())),
    log:
        PATHS.log(PATHS.part(PATHS.gradients())),
    threads: stage("gradients").threads
    resources:
        gpu=stage("gradients").gpu,
        mem_mb=stage("gradients").memory,
        runtime=stage("gradients").minutes,
    params:
        *stage("gradients").code,
        settings=stage("gradients").settings,
        model=stage("gradients").model,
        source=stage("gradients").source,
    shell:
        "python -m gradnoise.gradients --settings {params.settings:q} --source {params.source:q}"
        " --data {input.data:q} --checkpoints {input.checkpoints:q} --output {output:q} 2> {log:q}"
