rule balance:
    output:
        directory(PATHS.studies("balance")),
    log:
        PATHS.log(PATHS.studies("balance")),
    resources:
        mem_mb=stage("balance").memory,
        runtime=stage("balance").minutes,
    params:
        *stage("balance").code,
        settings=stage("balance").settings,
    shell:
        "python -m gradnoise.balance --settings {params.settings:q} --output {output:q} 2> {log:q}"
