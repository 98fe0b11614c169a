rule claims:
    input:
        tables=f"{OUTPUT}/tables",
    output:
        report(
            f"{OUTPUT}/claims.csv",
            caption="../report/claims.rst",
            category="Claims",
        ),
    log:
        f"{LOGS}/claims.log",
    resources:
        mem_mb=1500,
        runtime=10,
    params:
        *source("claims"),
        settings=planned_run.canonical(EXPERIMENT.tables_settings()),
    shell:
        "python -m gradnoise.claims --settings {params.settings:q} --tables {input.tables}"
        " --output {output} 2> {log}"
