rule report:
    input:
        tables=PATHS.tables,
        claims=PATHS.claims,
        components=PATHS.claim_components,
        calibration=PATHS.calibration,
        control=PATHS.control,
        data=[PATHS.data(name) for name in EXPERIMENT.data],
        figures=[figure for figure in FIGURES if figure.endswith(".png")],
    output:
        page=report(
            PATHS.report,
            caption="../report/report.rst",
            category="Report",
        ),
        card=PATHS.noise_card,
    log:
        PATHS.log(PATHS.report),
    resources:
        mem_mb=stage("report").memory,
        runtime=stage("report").minutes,
    params:
        *stage("report").code,
        settings=stage("report").settings,
    shell:
        "python -m gradnoise.report --settings {params.settings:q} --tables {input.tables:q}"
        " --claims {input.claims:q} --components {input.components:q} --calibration {input.calibration:q} --control {input.control:q} --data {input.data:q}"
        " --figures {input.figures:q} --output {output.page:q} --card {output.card:q} 2> {log:q}"
