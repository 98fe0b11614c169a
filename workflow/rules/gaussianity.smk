rule gaussianity:
    input:
        noise=noise_of,
    output:
        f"{OUTPUT}/{{run}}/seed-{{seed}}/epoch-{{epoch}}/gaussianity/{{parameter}}.h5",
    log:
        f"{LOGS}/gaussianity/{{run}}/seed-{{seed}}/epoch-{{epoch}}/{{parameter}}.log",
    threads: lambda wildcards: resources.statistics_threads(run_of(wildcards))
    resources:
        mem_mb=lambda wildcards: resources.statistics_memory(run_of(wildcards)),
        runtime=lambda wildcards: resources.statistics_minutes(run_of(wildcards)),
    params:
        *source("gaussianity"),
        settings=lambda wildcards: planned_run.canonical(
            run_of(wildcards).gaussianity_settings(wildcards.parameter)
        ),
    shell:
        "python -m gradnoise.gaussianity --settings {params.settings:q}"
        " --noise {input.noise} --output {output} 2> {log}"
