"""What one forward and backward pass reveals about every layer, without any weight gradient.

A layer's output is perturbed by a zero; the gradient of the summed per-sample losses with respect to that
perturbation is the layer's error, sample by sample. With the layer's input it makes the gradient of every sample.
`kinds` says of which parameters, `calls` records a pass, `rows` forms the gradients. Whatever they say is held
against plain differentiation (see `gradients.verification`).
"""
