rule balance:
    output:
        directory(PATHS.piece("balance")),
    log:
        PATHS.log(PATHS.piece("balance")),
    resources:
        mem_mb=stage("balance").memory,
        runtime=stage("balance").minutes,
    params:
        *stage("balance").code,
        stage("balance").study,
        source=stage("balance").source,
        settings=stage("balance").settings,
    shell:
        "python -m gradnoise.balance --settings {params.settings:q} --source {params.source:q}"
        " --output {output:q} 2> {log:q}"
