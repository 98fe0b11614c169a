for GROUP in groups.rules(EXPERIMENT, "tails"):
    JOBS = stage("tails", GROUP.layers)

    rule:
        name:
            GROUP.name
        input:
            noise=noise_of,
            gradients=gradients_of,
            data=data_of,
        output:
            files_of("tails", GROUP),
        log:
            log_of("tails", GROUP),
        wildcard_constraints:
            run=GROUP.runs,
            parameter=GROUP.alone,
        group:
            submission("tails")
        threads: JOBS.threads
        resources:
            mem_mb=JOBS.memory,
            runtime=JOBS.minutes,
        params:
            *JOBS.code,
            settings=JOBS.settings,
            source=JOBS.source,
        shell:
            "python -m gradnoise.tails --settings {params.settings:q} --source {params.source:q}"
            " --noise {input.noise:q} --gradients {input.gradients:q} --data {input.data:q} --output {output:q} 2> {log:q}"
