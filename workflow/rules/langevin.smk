rule langevin:
    input:
        rules.trajectory.output,
    output:
        f"{OUTPUT}/{{run}}/seed-{{seed}}/epoch-{{epoch}}/langevin/{{variant}}/{{parameter}}.h5",
    log:
        f"{LOGS}/langevin/{{run}}/seed-{{seed}}/epoch-{{epoch}}/{{variant}}/{{parameter}}.log",
    resources:
        mem_mb=lambda wildcards: resources.langevin_memory(
            run_of(wildcards), wildcards.variant
        ),
        runtime=20,
    params:
        *source("langevin"),
        settings=lambda wildcards: planned_run.canonical(
            run_of(wildcards).langevin_settings(
                int(wildcards.seed), wildcards.parameter
            )
        ),
    shell:
        "python -m gradnoise.langevin --settings {params.settings:q} --trajectory {input}"
        " --output {output} 2> {log}"
