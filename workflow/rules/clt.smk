rule clt:
    input:
        gradients=gradients_of,
        moments=moments_of,
        gaussianity=rules.gaussianity.output,
    output:
        PATHS.layer("clt"),
    log:
        PATHS.log(PATHS.layer("clt")),
    threads: stage("clt").threads
    resources:
        mem_mb=stage("clt").memory,
        runtime=stage("clt").minutes,
    params:
        *stage("clt").code,
        settings=stage("clt").settings,
    shell:
        "python -m gradnoise.clt --settings {params.settings:q} --gradients {input.gradients:q}"
        " --moments {input.moments:q} --gaussianity {input.gaussianity:q} --output {output:q} 2> {log:q}"
