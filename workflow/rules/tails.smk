rule tails:
    input:
        noise=noise_of,
        gradients=gradients_of,
        data=data_of,
    output:
        PATHS.layer("tails"),
    log:
        PATHS.log(PATHS.layer("tails")),
    threads: stage("tails").threads
    resources:
        mem_mb=stage("tails").memory,
        runtime=stage("tails").minutes,
    params:
        *stage("tails").code,
        settings=stage("tails").settings,
    shell:
        "python -m gradnoise.tails --settings {params.settings:q} --noise {input.noise:q}"
        " --gradients {input.gradients:q} --data {input.data:q} --output {output:q} 2> {log:q}"
