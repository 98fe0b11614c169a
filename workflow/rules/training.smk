rule training:
    input:
        data=data_of,
    output:
        checkpoints=directory(PATHS.checkpoints()),
        table=PATHS.training(),
    log:
        PATHS.log(PATHS.training()),
    threads: stage("training").threads
    resources:
        gpu=stage("training").gpu,
        mem_mb=stage("training").memory,
        runtime=stage("training").minutes,
    params:
        *stage("training").code,
        settings=stage("training").settings,
        model=stage("training").model,
        source=stage("training").source,
    shell:
        "python -m gradnoise.training --settings {params.settings:q} --source {params.source:q}"
        " --data {input.data:q} --checkpoints {output.checkpoints:q} --output {output.table:q} 2> {log:q}"
