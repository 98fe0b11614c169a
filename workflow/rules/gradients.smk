rule gradients:
    input:
        data=data_of,
        checkpoints=trained,
    output:
        directory(f"{OUTPUT}/{{run}}/seed-{{seed}}/epoch-{{epoch}}/gradients.zarr"),
    log:
        f"{LOGS}/gradients/{{run}}/seed-{{seed}}/epoch-{{epoch}}.log",
    threads: lambda wildcards: run_of(wildcards).sections.training.torch_threads
    resources:
        gpu=lambda wildcards: resources.gpu(run_of(wildcards)),
        mem_mb=lambda wildcards: resources.sampling_memory(run_of(wildcards)),
        runtime=lambda wildcards: resources.gradients_minutes(run_of(wildcards)),
    params:
        *source("gradients"),
        settings=lambda wildcards: planned_run.canonical(
            run_of(wildcards).gradients_settings(
                int(wildcards.seed), int(wildcards.epoch)
            )
        ),
        model=lambda wildcards: run_of(wildcards).model_source,
        source=lambda wildcards: planned_run.digest(
            source("gradients"), run_of(wildcards).model_source
        ),
    shell:
        "python -m gradnoise.gradients --settings {params.settings:q} --source {params.source}"
        " --data {input.data} --checkpoints {input.checkpoints} --output {output} 2> {log}"
