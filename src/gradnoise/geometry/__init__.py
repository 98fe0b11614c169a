"""Information geometry of initialisation and training (Sokol and Park, arXiv 1810.03785).

`criticality` and `weights`: at what variances signals neither grow nor shrink, and weights of them; `fisher`,
`likelihoods`, `relation`, `blocks` and `jacobian`: curvature in the space of laws, without its matrix where that is
large; `quadrature`: spectra of any symmetric matrix from its products; `stiefel`: training with orthonormal weights.
May import `curvature`, `model` and what lies below them.
"""

from gradnoise.geometry.blocks import BlockBound, block_bound
from gradnoise.geometry.criticality import (
    CriticalInitialisation,
    critical_initialisation,
    isometry_variance,
)
from gradnoise.geometry.fisher import Condition, Fisher
from gradnoise.geometry.jacobian import jacobian_singular_values
from gradnoise.geometry.likelihoods import empirical_fisher, expected_fisher, fisher_eigenvalues
from gradnoise.geometry.quadrature import Estimate, Quadrature, lanczos_quadrature, trace
from gradnoise.geometry.relation import Relation, curvature_relation
from gradnoise.geometry.stiefel import StiefelSGD
from gradnoise.geometry.weights import initialise

__all__ = [
    "BlockBound",
    "Condition",
    "CriticalInitialisation",
    "Estimate",
    "Fisher",
    "Quadrature",
    "Relation",
    "StiefelSGD",
    "block_bound",
    "critical_initialisation",
    "curvature_relation",
    "empirical_fisher",
    "expected_fisher",
    "fisher_eigenvalues",
    "initialise",
    "isometry_variance",
    "jacobian_singular_values",
    "lanczos_quadrature",
    "trace",
]
