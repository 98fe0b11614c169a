"""All claims, in the order in which the page lists them."""

from gradnoise.claims import clt, prediction, related, tails
from gradnoise.claims.balance import laws
from gradnoise.claims.claim import GROUPS, Claim
from gradnoise.claims.geometry import fluctuations, isometry, relation
from gradnoise.store.registry import registered

# Order on the page within a group; those not named here follow the others of theirs.
ORDER = (
    "rises_with_batch_size",
    "same_trend",
    "network_at_large_batches",
    "first_convolution_leads",
    "alexnet_fourth_convolution",
    "last_convolutions_least",
    "five_per_cent_not_gaussian",
    "point_masses_from_relu",
    "resnet56_above_85",
    "resnet56_block_3_least",
    "batch_norm_keeps_gaussianity",
    "resnet20_steady",
    "small_deviation",
    "zero_mean",
    "logit_gradient_bounded",
    "finite_variance",
    "finite_fourth_moment",
    "tail_index_to_two",
    "most_indices_two",
    "third_moment_orders_layers",
    "alexnet_third_moments_wider",
    "steady_state",
    "stationary_law_not_gibbs",
    "detailed_balance_broken",
    "momentum_is_langevin",
    "learning_rate_is_temperature",
    "noise_like_hessian",
    "noise_dominates_mean",
    "diffusion_constant",
    "peak_at_minimum",
    "local_law_isotropic",
    "variance_exactly_predicted",
    "velocities_share_temperature",
    "central_limit_alone",
    "power_of_the_test",
    "property_of_the_basis",
    "isometry_changes_gaussianity",
    "manifold_changes_gaussianity",
    "noise_balance",
    "exact_stationary_laws",
    "phase_transition",
    "broken_ergodicity",
    "fluctuation_inversion",
    "fisher_follows_jacobian",
    "isometric_initialisation",
    "stiefel_does_well",
    "preactivation_fluctuations",
    "kernel_correlators",
    "hessian_is_fisher",
    "noise_is_fisher",
)


def _place(claim: Claim) -> tuple[int, int]:
    place = ORDER.index(claim.name) if claim.name in ORDER else len(ORDER)
    return GROUPS.index(claim.group), place


_GAUSSIANITY: dict[str, list[Claim]] = registered("gradnoise.claims.gaussianity", "CLAIMS")
_LANGEVIN: dict[str, list[Claim]] = registered("gradnoise.claims.langevin", "CLAIMS")

CLAIMS = sorted(
    (
        *(claim for claims in _GAUSSIANITY.values() for claim in claims),
        *tails.CLAIMS,
        *clt.CLAIMS,
        *prediction.CLAIMS,
        *laws.CLAIMS,
        *isometry.CLAIMS,
        *fluctuations.CLAIMS,
        *relation.CLAIMS,
        *related.CLAIMS,
        *(claim for claims in _LANGEVIN.values() for claim in claims),
    ),
    key=_place,
)
