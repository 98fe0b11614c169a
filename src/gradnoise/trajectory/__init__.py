"""SGD around a checkpoint, recorded along Hessian eigenvectors, random directions and single parameters.

`names`, `settings` and `store` import no torch: rules, statistics, tables and figures take names and recorded
steps from them. The other modules may import `curvature`, `model`, `training`, `data`, `draws` and `store`.
"""
