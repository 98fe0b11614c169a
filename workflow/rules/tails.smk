rule tails:
    input:
        noise=noise_of,
        gaussianity=rules.gaussianity.output,
        gradients=gradients_of,
        data=data_of,
    output:
        f"{OUTPUT}/{{run}}/seed-{{seed}}/epoch-{{epoch}}/tails/{{parameter}}.h5",
    log:
        f"{LOGS}/tails/{{run}}/seed-{{seed}}/epoch-{{epoch}}/{{parameter}}.log",
    threads: lambda wildcards: resources.statistics_threads(run_of(wildcards))
    resources:
        mem_mb=lambda wildcards: resources.statistics_memory(run_of(wildcards)),
        runtime=lambda wildcards: resources.tails_minutes(run_of(wildcards)),
    params:
        *source("tails"),
        settings=lambda wildcards: planned_run.canonical(
            run_of(wildcards).tails_settings(int(wildcards.seed), wildcards.parameter)
        ),
    shell:
        "python -m gradnoise.tails --settings {params.settings:q} --noise {input.noise}"
        " --gaussianity {input.gaussianity} --gradients {input.gradients} --data {input.data}"
        " --output {output} 2> {log}"
