ruleorder: related_figures > figures


rule related:
    output:
        PATHS.study(),
    log:
        PATHS.log(PATHS.study()),
    resources:
        mem_mb=related.RESOURCES.memory,
        runtime=related.RESOURCES.minutes,
    params:
        fingerprint("gradnoise.related.__main__", SOURCE),
        lambda wildcards: fingerprint(related.module(wildcards.study), SOURCE),
        settings=lambda wildcards: canonical(
            related.settings(EXPERIMENT, wildcards.study)
        ),
    shell:
        "python -m gradnoise.related --settings {params.settings:q} --output {output:q} 2> {log:q}"


rule related_figures:
    input:
        PATHS.study("{figure}"),
    output:
        pdf=PATHS.figure("pdf", "related"),
        png=report(
            PATHS.figure("png", "related"),
            caption="../report/figures.rst",
            category="Figures",
            labels={"run": "related", "figure": "{figure}"},
        ),
        csv=PATHS.figure("csv", "related"),
    log:
        PATHS.log(PATHS.figure("pdf", "related")),
    resources:
        mem_mb=figures.RESOURCES.memory,
        runtime=figures.RESOURCES.minutes,
    params:
        fingerprint("gradnoise.figures.related", SOURCE),
        lambda wildcards: fingerprint(related.module(wildcards.figure), SOURCE),
        settings=canonical(figures.shared_settings(EXPERIMENT, "related")),
    shell:
        "python -m gradnoise.figures.related --settings {params.settings:q}"
        " --layers {input:q} --output {output.pdf:q} 2> {log:q}"
