for GROUP in groups.rules(EXPERIMENT, "gaussianity"):
    JOBS = stage("gaussianity", GROUP.layers)

    rule:
        name:
            GROUP.name
        input:
            noise=noise_of,
        output:
            files_of("gaussianity", GROUP),
        log:
            log_of("gaussianity", GROUP),
        wildcard_constraints:
            run=GROUP.runs,
            parameter=GROUP.alone,
        group:
            submission("gaussianity")
        threads: JOBS.threads
        resources:
            mem_mb=JOBS.memory,
            runtime=JOBS.minutes,
        params:
            *JOBS.code,
            settings=JOBS.settings,
            source=JOBS.source,
        shell:
            "python -m gradnoise.gaussianity --settings {params.settings:q} --source {params.source:q}"
            " --noise {input.noise:q} --output {output:q} 2> {log:q}"
