rule clt:
    input:
        gradients=gradients_of,
        moments=lambda wildcards: f"{checkpoint_of(wildcards)}/moments.zarr",
        gaussianity=rules.gaussianity.output,
    output:
        f"{OUTPUT}/{{run}}/seed-{{seed}}/epoch-{{epoch}}/clt/{{parameter}}.h5",
    log:
        f"{LOGS}/clt/{{run}}/seed-{{seed}}/epoch-{{epoch}}/{{parameter}}.log",
    threads: lambda wildcards: resources.statistics_threads(run_of(wildcards))
    resources:
        mem_mb=lambda wildcards: resources.clt_memory(run_of(wildcards)),
        runtime=lambda wildcards: resources.clt_minutes(run_of(wildcards)),
    params:
        *source("clt"),
        settings=lambda wildcards: planned_run.canonical(
            run_of(wildcards).clt_settings(int(wildcards.seed), wildcards.parameter)
        ),
    shell:
        "python -m gradnoise.clt --settings {params.settings:q} --gradients {input.gradients}"
        " --moments {input.moments} --gaussianity {input.gaussianity} --output {output} 2> {log}"
