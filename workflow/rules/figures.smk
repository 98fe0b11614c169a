FIGURES = EXPERIMENT.figure_files()


ruleorder: shared_figures > figures


rule figures:
    input:
        tables=PATHS.tables,
        layers=lambda wildcards: figures.layers(PATHS, job_of(wildcards)),
        # The samples behind the tails are shown as pictures.
        data=data_of,
    output:
        pdf=PATHS.figure("pdf"),
        png=report(
            PATHS.figure("png"),
            caption="../report/figures.rst",
            category="Figures",
            labels={"run": "{run}", "figure": "{figure}"},
        ),
        csv=PATHS.figure("csv"),
    log:
        PATHS.log(PATHS.figure("pdf")),
    # Shared figures have their own rule.
    wildcard_constraints:
        run="|".join(EXPERIMENT.runs),
    resources:
        mem_mb=lambda wildcards, attempt: attempt * figures.RESOURCES.memory,
        runtime=lambda wildcards, attempt: attempt * figures.RESOURCES.minutes,
    params:
        lambda wildcards: fingerprint(figures.module(wildcards.figure), SOURCE),
        module=lambda wildcards: figures.module(wildcards.figure),
        settings=lambda wildcards: canonical(
            figures.settings(EXPERIMENT, job_of(wildcards))
        ),
    shell:
        "python -m {params.module:q} --settings {params.settings:q}"
        " --tables {input.tables:q} --layers {input.layers:q} --data {input.data:q} --output {output.pdf:q} 2> {log:q}"


rule shared_figures:
    input:
        tables=PATHS.tables,
    output:
        pdf=PATHS.figure("pdf", "{stage}"),
        png=report(
            PATHS.figure("png", "{stage}"),
            caption="../report/figures.rst",
            category="Figures",
            labels={"run": "{stage}", "figure": "{figure}"},
        ),
        csv=PATHS.figure("csv", "{stage}"),
    log:
        PATHS.log(PATHS.figure("pdf", "{stage}")),
    resources:
        mem_mb=lambda wildcards, attempt: attempt * figures.RESOURCES.memory,
        runtime=lambda wildcards, attempt: attempt * figures.RESOURCES.minutes,
    params:
        lambda wildcards: fingerprint(figures.module(wildcards.figure), SOURCE),
        module=lambda wildcards: figures.module(wildcards.figure),
        settings=lambda wildcards: canonical(
            figures.shared_settings(EXPERIMENT, wildcards.stage)
        ),
    shell:
        "python -m {params.module:q} --settings {params.settings:q}"
        " --tables {input.tables:q} --output {output.pdf:q} 2> {log:q}"
