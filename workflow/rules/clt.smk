for GROUP in groups.rules(EXPERIMENT, "clt"):
    JOBS = stage("clt", GROUP.layers)

    rule:
        name:
            GROUP.name
        input:
            gradients=gradients_of,
            moments=moments_of,
            gaussianity=files_of("gaussianity", GROUP),
        output:
            files_of("clt", GROUP),
        log:
            log_of("clt", GROUP),
        wildcard_constraints:
            run=GROUP.runs,
            parameter=GROUP.alone,
        group:
            submission("clt")
        threads: JOBS.threads
        resources:
            mem_mb=JOBS.memory,
            runtime=JOBS.minutes,
        params:
            *JOBS.code,
            settings=JOBS.settings,
            source=JOBS.source,
        shell:
            "python -m gradnoise.clt --settings {params.settings:q} --source {params.source:q}"
            " --gradients {input.gradients:q} --moments {input.moments:q} --gaussianity {input.gaussianity:q}"
            " --output {output:q} 2> {log:q}"
