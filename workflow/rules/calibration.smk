rule calibration:
    output:
        f"{OUTPUT}/calibration.csv",
    log:
        f"{LOGS}/calibration.log",
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *source("calibration"),
        settings=planned_run.canonical(EXPERIMENT.calibration_settings()),
    shell:
        "python -m gradnoise.calibration --settings {params.settings:q} --output {output} 2> {log}"
