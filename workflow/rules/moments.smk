rule moments:
    input:
        data=data_of,
        checkpoints=trained,
        gradients=rules.gradients.output,
    output:
        directory(f"{OUTPUT}/{{run}}/seed-{{seed}}/epoch-{{epoch}}/moments.zarr"),
    log:
        f"{LOGS}/moments/{{run}}/seed-{{seed}}/epoch-{{epoch}}.log",
    threads: lambda wildcards: run_of(wildcards).sections.training.torch_threads
    resources:
        gpu=lambda wildcards: resources.sampling_gpu(run_of(wildcards)),
        mem_mb=lambda wildcards: resources.sampling_memory(run_of(wildcards)),
        runtime=lambda wildcards: resources.gradients_minutes(run_of(wildcards)),
    params:
        *source("moments"),
        settings=lambda wildcards: planned_run.canonical(
            run_of(wildcards).gradients_settings(
                int(wildcards.seed), int(wildcards.epoch)
            )
        ),
        model=lambda wildcards: run_of(wildcards).model_source,
        source=lambda wildcards: planned_run.digest(
            source("moments"), run_of(wildcards).model_source
        ),
    shell:
        "python -m gradnoise.moments --settings {params.settings:q} --source {params.source}"
        " --data {input.data} --checkpoints {input.checkpoints} --gradients {input.gradients}"
        " --output {output} 2> {log}"
