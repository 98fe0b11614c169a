"""Curvature of a loss as a function of a model's parameters: Hessian products, eigenpairs, batch sharpness.

Takes any torch model and loss; may import `draws` and `store`, and nothing of the pipeline above them.
"""
