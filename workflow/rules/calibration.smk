rule calibration:
    output:
        PATHS.calibration,
    log:
        PATHS.log(PATHS.calibration),
    resources:
        mem_mb=stage("calibration").memory,
        runtime=stage("calibration").minutes,
    params:
        *stage("calibration").code,
        settings=stage("calibration").settings,
        source=stage("calibration").source,
    shell:
        "python -m gradnoise.calibration --settings {params.settings:q} --source {params.source:q}"
        " --output {output:q} 2> {log:q}"
