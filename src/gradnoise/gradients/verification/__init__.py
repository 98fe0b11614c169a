"""No row that is not the sample's gradient leaves the library: every chunk is proven.

May import: what `gradients` may; its captures and differentiation, which know nothing of proofs but `problem`.
"""
