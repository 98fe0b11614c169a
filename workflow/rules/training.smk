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
        "python -m gradnoise.training --settings {params.settings:q} --source {params.source}"
        " --data {input.data} --checkpoints {output.checkpoints} --output {output.table} 2> {log}"
