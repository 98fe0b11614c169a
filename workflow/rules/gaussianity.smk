rule gaussianity:
    input:
        noise=noise_of,
    output:
        PATHS.layer("gaussianity"),
    log:
        PATHS.log(PATHS.layer("gaussianity")),
    threads: stage("gaussianity").threads
    resources:
        mem_mb=stage("gaussianity").memory,
        runtime=stage("gaussianity").minutes,
    params:
        *stage("gaussianity").code,
        settings=stage("gaussianity").settings,
    shell:
        "python -m gradnoise.gaussianity --settings {params.settings:q}"
        " --noise {input.noise:q} --output {output:q} 2> {log:q}"
