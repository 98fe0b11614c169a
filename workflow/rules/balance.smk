ruleorder: shared_figures > figures


rule balance:
    output:
        directory(PATHS.balance),
    log:
        PATHS.log(PATHS.balance),
    resources:
        mem_mb=stage("balance").memory,
        runtime=stage("balance").minutes,
    params:
        *stage("balance").code,
        settings=stage("balance").settings,
    shell:
        "python -m gradnoise.balance --settings {params.settings:q} --output {output:q} 2> {log:q}"


rule shared_figures:
    input:
        tables=PATHS.tables,
    output:
        pdf=PATHS.figure("pdf", "balance"),
        png=report(
            PATHS.figure("png", "balance"),
            caption="../report/figures.rst",
            category="Figures",
            labels={"run": "balance", "figure": "{figure}"},
        ),
        csv=PATHS.figure("csv", "balance"),
    log:
        PATHS.log(PATHS.figure("pdf", "balance")),
    resources:
        mem_mb=figures.RESOURCES.memory,
        runtime=figures.RESOURCES.minutes,
    params:
        lambda wildcards: fingerprint(figures.module(wildcards.figure), SOURCE),
        module=lambda wildcards: figures.module(wildcards.figure),
        settings=canonical(figures.shared_settings(EXPERIMENT, "balance")),
    shell:
        "python -m {params.module:q} --settings {params.settings:q}"
        " --tables {input.tables:q} --output {output.pdf:q} 2> {log:q}"
