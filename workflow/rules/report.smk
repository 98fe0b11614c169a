rule report:
    input:
        tables=f"{OUTPUT}/tables",
        claims=f"{OUTPUT}/claims.csv",
        calibration=f"{OUTPUT}/calibration.csv",
        control=f"{OUTPUT}/control.csv",
        data=[f"{OUTPUT}/data/{name}.h5" for name in EXPERIMENT.data],
        figures=[figure for figure in FIGURES if figure.endswith(".png")],
    output:
        page=report(
            f"{OUTPUT}/report.html",
            caption="../report/report.rst",
            category="Report",
        ),
        card=f"{OUTPUT}/noise_card.json",
    log:
        f"{LOGS}/report.log",
    resources:
        mem_mb=1500,
        runtime=10,
    params:
        *source("report"),
        settings=planned_run.canonical(
            {
                **EXPERIMENT.report_settings(),
                "command": environment.command(workflow.configfiles),
            }
        ),
    shell:
        "python -m gradnoise.report --settings {params.settings:q} --tables {input.tables}"
        " --claims {input.claims} --calibration {input.calibration} --control {input.control} --data {input.data}"
        " --figures {input.figures} --output {output.page} --card {output.card} 2> {log}"
