rule noise:
    input:
        data=data_of,
        checkpoints=trained,
        gradients=gradients_of,
    output:
        directory(
            f"{OUTPUT}/{{run}}/seed-{{seed}}/epoch-{{epoch}}/noise/repeat-{{repeat}}.zarr"
        ),
    log:
        f"{LOGS}/noise/{{run}}/seed-{{seed}}/epoch-{{epoch}}/repeat-{{repeat}}.log",
    threads: lambda wildcards: run_of(wildcards).sections.training.torch_threads
    resources:
        gpu=lambda wildcards: resources.sampling_gpu(run_of(wildcards)),
        mem_mb=lambda wildcards: resources.sampling_memory(run_of(wildcards)),
        runtime=lambda wildcards: resources.noise_minutes(run_of(wildcards)),
    params:
        *source("noise"),
        settings=lambda wildcards: planned_run.canonical(
            run_of(wildcards).noise_settings(
                int(wildcards.seed), int(wildcards.epoch), int(wildcards.repeat)
            )
        ),
        model=lambda wildcards: run_of(wildcards).model_source,
        source=lambda wildcards: planned_run.digest(
            source("noise"), run_of(wildcards).model_source
        ),
    shell:
        "python -m gradnoise.noise --settings {params.settings:q} --source {params.source}"
        " --data {input.data} --checkpoints {input.checkpoints} --gradients {input.gradients}"
        " --output {output} 2> {log}"
