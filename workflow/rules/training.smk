rule training:
    input:
        data=data_of,
    output:
        checkpoints=directory(f"{OUTPUT}/{{run}}/seed-{{seed}}/checkpoints"),
        table=f"{OUTPUT}/{{run}}/seed-{{seed}}/training.csv",
    log:
        f"{LOGS}/training/{{run}}/seed-{{seed}}.log",
    threads: lambda wildcards: run_of(wildcards).sections.training.torch_threads
    resources:
        gpu=lambda wildcards: resources.gpu(run_of(wildcards)),
        mem_mb=lambda wildcards: resources.training_memory(run_of(wildcards)),
        runtime=lambda wildcards: resources.training_minutes(run_of(wildcards)),
    params:
        *source("training"),
        settings=lambda wildcards: run_of(wildcards).training_settings(
            int(wildcards.seed)
        ),
        model=lambda wildcards: run_of(wildcards).model_source,
        source=lambda wildcards: planned_run.digest(
            source("training"), run_of(wildcards).model_source
        ),
    shell:
        "python -m gradnoise.training --settings {params.settings:q} --source {params.source}"
        " --data {input.data} --checkpoints {output.checkpoints} --output {output.table} 2> {log}"
