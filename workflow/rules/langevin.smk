rule langevin:
    input:
        rules.trajectory.output,
    output:
        PATHS.langevin(),
    log:
        PATHS.log(PATHS.langevin()),
    resources:
        mem_mb=stage("langevin").memory,
        runtime=stage("langevin").minutes,
    params:
        *stage("langevin").code,
        settings=stage("langevin").settings,
    shell:
        "python -m gradnoise.langevin --settings {params.settings:q} --trajectory {input:q}"
        " --output {output:q} 2> {log:q}"
