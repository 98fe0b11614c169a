rule trajectory:
    input:
        data=data_of,
        checkpoints=trained,
    output:
        directory(
            f"{OUTPUT}/{{run}}/seed-{{seed}}/epoch-{{epoch}}/trajectory/{{variant}}.zarr"
        ),
    log:
        f"{LOGS}/trajectory/{{run}}/seed-{{seed}}/epoch-{{epoch}}/{{variant}}.log",
    # Long jobs first, so that none is left over at the end.
    priority: 10
    threads: lambda wildcards: run_of(wildcards).sections.training.torch_threads
    resources:
        gpu=lambda wildcards: resources.gpu(run_of(wildcards)),
        mem_mb=lambda wildcards: resources.trajectory_memory(
            run_of(wildcards), wildcards.variant
        ),
        runtime=lambda wildcards: resources.trajectory_minutes(
            run_of(wildcards), wildcards.variant
        ),
    params:
        *source("trajectory"),
        settings=lambda wildcards: planned_run.canonical(
            run_of(wildcards).trajectory_settings(
                int(wildcards.seed), wildcards.variant
            )
        ),
        model=lambda wildcards: run_of(wildcards).model_source,
        source=lambda wildcards: planned_run.digest(
            source("trajectory"), run_of(wildcards).model_source
        ),
    shell:
        "python -m gradnoise.trajectory --settings {params.settings:q} --source {params.source}"
        " --data {input.data} --checkpoints {input.checkpoints} --output {output} 2> {log}"
