rule noise:
    input:
        data=data_of,
        checkpoints=trained,
        gradients=gradients_of,
        parts=parts_of,
    output:
        directory(PATHS.noise()),
    log:
        PATHS.log(PATHS.noise()),
    threads: stage("noise").threads
    resources:
        gpu=stage("noise").gpu,
        mem_mb=stage("noise").memory,
        runtime=stage("noise").minutes,
    params:
        *stage("noise").code,
        settings=stage("noise").settings,
        model=stage("noise").model,
        source=stage("noise").source,
    shell:
        "python -m gradnoise.noise --settings {params.settings:q} --source {params.source:q}"
        " --data {input.data:q} --checkpoints {input.checkpoints:q} --gradients {input.gradients:q}"
        " --parts {input.parts:q} --output {output:q} 2> {log:q}"


# One of noise.shards jobs, each with some files of the store.
rule noise_part:
    input:
        data=data_of,
        checkpoints=trained,
        gradients=gradients_of,
    output:
        directory(PATHS.part(PATHS.noise())),
    log:
        PATHS.log(PATHS.part(PATHS.noise())),
    threads: stage("noise").threads
    resources:
        gpu=stage("noise").gpu,
        mem_mb=stage("noise").memory,
        runtime=stage("noise").minutes,
    params:
        *stage("noise").code,
        settings=stage("noise").settings,
        model=stage("noise").model,
        source=stage("noise").source,
    shell:
        "python -m gradnoise.noise --settings {params.settings:q} --source {params.source:q}"
        " --data {input.data:q} --checkpoints {input.checkpoints:q} --gradients {input.gradients:q}"
        " --output {output:q} 2> {log:q}"
