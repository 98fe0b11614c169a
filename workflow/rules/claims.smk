rule claims:
    input:
        tables=PATHS.tables,
    output:
        claims=report(
            PATHS.claims,
            caption="../report/claims.rst",
            category="Claims",
        ),
        components=PATHS.claim_components,
    log:
        PATHS.log(PATHS.claims),
    resources:
        mem_mb=stage("claims").memory,
        runtime=stage("claims").minutes,
    params:
        *stage("claims").code,
        settings=stage("claims").settings,
    shell:
        "python -m gradnoise.claims --settings {params.settings:q} --tables {input.tables:q}"
        " --output {output.claims:q} --components {output.components:q} 2> {log:q}"
