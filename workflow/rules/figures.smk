FIGURES = [
    f"{OUTPUT}/figures/{run.name}-{figure}.{suffix}"
    for run in RUNS.values()
    for figure in drawn.figures_of(run)
    for suffix in ("pdf", "png", "csv")
]


rule figures:
    input:
        tables=f"{OUTPUT}/tables",
        layers=lambda wildcards: drawn.figure_layers(
            EXPERIMENT, run_of(wildcards), wildcards.figure
        ),
        # The samples behind the tails are shown as pictures.
        data=data_of,
    output:
        pdf=f"{OUTPUT}/figures/{{run}}-{{figure}}.pdf",
        png=report(
            f"{OUTPUT}/figures/{{run}}-{{figure}}.png",
            caption="../report/figures.rst",
            category="Figures",
            labels={"run": "{run}", "figure": "{figure}"},
        ),
        csv=f"{OUTPUT}/figures/{{run}}-{{figure}}.csv",
    log:
        f"{LOGS}/figures/{{run}}-{{figure}}.log",
    resources:
        mem_mb=1500,
        runtime=10,
    params:
        lambda wildcards: fingerprint(
            f"gradnoise.figures.{drawn.module(wildcards.figure)}", SOURCE
        ),
        module=lambda wildcards: f"gradnoise.figures.{drawn.module(wildcards.figure)}",
        settings=lambda wildcards: planned_run.canonical(
            EXPERIMENT.figure_settings(wildcards.run)
        ),
    shell:
        "python -m {params.module} --settings {params.settings:q}"
        " --tables {input.tables} --layers {input.layers} --data {input.data} --output {output.pdf} 2> {log}"
