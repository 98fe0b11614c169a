rule rejection:
    input:
        layers=measured_of,
        noise=noise_of,
        gradients=gradients_of,
    output:
        PATHS.rejection(),
    log:
        PATHS.log(PATHS.rejection()),
    resources:
        mem_mb=stage("rejection").memory,
        runtime=stage("rejection").minutes,
    params:
        *stage("rejection").code,
        settings=stage("rejection").settings,
        # Of hundreds of layers the files would not fit into a command line.
        results=lambda wildcards: EXPERIMENT.sections.output,
    shell:
        "python -m gradnoise.rejection --settings {params.settings:q} --results {params.results:q}"
        " --noise {input.noise:q} --gradients {input.gradients:q} --output {output:q} 2> {log:q}"
