"""The list of claims."""

from example_claims import BY_NAME
from gradnoise.claims.claim import GROUPS, each_gradient
from gradnoise.claims.published import CLAIMS, ORDER
from gradnoise.claims.scheme.decision import every, some
from gradnoise.claims.tails import over_samples


def test_every_claim_stands_once_and_in_the_order_of_the_page():
    assert len(BY_NAME) == len(CLAIMS)
    assert [claim.name for claim in CLAIMS if claim.name in ORDER] == list(ORDER)


def test_groups_stand_together_checks_of_code_last():
    groups = [claim.group for claim in CLAIMS]
    assert groups == sorted(groups, key=GROUPS.index)
    assert groups[-1] == GROUPS[-1] == "instrument"


def test_statements_are_sentences_that_differ():
    statements = [claim.statement for claim in CLAIMS]
    assert len(set(statements)) == len(statements)
    assert not any(text[0].islower() or text.endswith(".") for text in statements)


# Where a claim stands, who says it, in what unit, of all epochs or the last, and what would be "not so".
PAPER, OURS, BOOK = "paper", "gradnoise", "companion"
NOISE, DYNAMICS, CHECK = "gradient noise", "dynamics", "instrument"
FACTS = {
    "rises_with_batch_size": (NOISE, PAPER, "points", False, every),
    "same_trend": (NOISE, PAPER, "", False, every),
    "network_at_large_batches": (NOISE, PAPER, "points", False, every),
    "first_convolution_leads": (NOISE, PAPER, "points", False, every),
    "alexnet_fourth_convolution": (NOISE, PAPER, "points", False, every),
    "last_convolutions_least": (NOISE, PAPER, "points", False, every),
    "five_per_cent_not_gaussian": (NOISE, PAPER, "points", False, some),
    "point_masses_from_relu": (NOISE, PAPER, "", False, every),
    "resnet56_above_85": (NOISE, PAPER, "points", False, every),
    "resnet56_block_3_least": (NOISE, PAPER, "points", False, every),
    "batch_norm_keeps_gaussianity": (NOISE, PAPER, "points", True, every),
    "resnet20_steady": (NOISE, PAPER, "points", True, every),
    "small_deviation": (NOISE, PAPER, "points", False, every),
    "zero_mean": (NOISE, PAPER, "", False, every),
    "logit_gradient_bounded": (NOISE, PAPER, "", True, every),
    "finite_variance": (NOISE, PAPER, "", False, every),
    "finite_fourth_moment": (NOISE, PAPER, "", False, every),
    "tail_index_to_two": (NOISE, PAPER, "", False, every),
    "most_indices_two": (NOISE, PAPER, "points", False, every),
    "third_moment_orders_layers": (NOISE, PAPER, "", False, every),
    "alexnet_third_moments_wider": (NOISE, PAPER, "", False, every),
    "steady_state": (DYNAMICS, PAPER, "", False, every),
    "stationary_law_not_gibbs": (DYNAMICS, PAPER, "", False, some),
    "detailed_balance_broken": (DYNAMICS, PAPER, "", False, every),
    "momentum_is_langevin": (DYNAMICS, PAPER, "", False, every),
    "learning_rate_is_temperature": (DYNAMICS, PAPER, "", False, every),
    "noise_like_hessian": (DYNAMICS, PAPER, "", False, every),
    "noise_dominates_mean": (DYNAMICS, PAPER, "", False, every),
    "diffusion_constant": (DYNAMICS, PAPER, "", False, every),
    "peak_at_minimum": (DYNAMICS, PAPER, "standard deviations", False, every),
    "local_law_isotropic": (DYNAMICS, PAPER, "", False, every),
    "variance_exactly_predicted": ("ours", OURS, "", False, every),
    "velocities_share_temperature": ("ours", OURS, "", False, every),
    "central_limit_alone": ("ours", OURS, "points", False, every),
    "power_of_the_test": ("ours", OURS, "points", False, every),
    "property_of_the_basis": ("ours", OURS, "points", False, some),
    "isometry_changes_gaussianity": ("ours", OURS, "points", True, some),
    "manifold_changes_gaussianity": ("ours", OURS, "points", False, some),
    **dict.fromkeys(
        ("noise_balance", "exact_stationary_laws", "phase_transition", "broken_ergodicity", "fluctuation_inversion"),
        ("companions", BOOK, "", False, every),
    ),
    **dict.fromkeys(
        ("fisher_follows_jacobian", "isometric_initialisation", "stiefel_does_well"),
        ("companions", BOOK, "", False, every),
    ),
    **dict.fromkeys(
        ("preactivation_fluctuations", "kernel_correlators"),
        ("companions", "related", "", False, every),
    ),
    **dict.fromkeys(("hessian_is_fisher", "noise_is_fisher"), ("companions", OURS, "", False, every)),
    "third_moment_bounded": (CHECK, PAPER, "coordinates", False, every),
    "distance_bounded": (CHECK, PAPER, "distances", False, every),
}  # fmt: skip


def test_what_claims_say_of_themselves():
    related = {claim.name for claim in CLAIMS if claim.group == "related"}
    assert set(FACTS) == set(BY_NAME) - related
    for name, facts in FACTS.items():
        claim = BY_NAME[name]
        found = (claim.group, claim.origin, claim.unit, claim.all_epochs, claim.rule)
        assert found == facts, name


# Those that the gradients of single samples decide: a run that shares another's has no row of its own.
OF_GRADIENTS = {
    *("point_masses_from_relu", "logit_gradient_bounded", "finite_variance", "finite_fourth_moment"),
    *("third_moment_bounded", "distance_bounded"),
}  # fmt: skip
# Those that no more repeats, seeds or steps decide.
WITHOUT_MORE = {
    *("zero_mean", "logit_gradient_bounded", "steady_state", "noise_like_hessian"),
    "local_law_isotropic",
}


def test_whom_claims_are_about_and_what_more_would_decide():
    assert {name for name, one in BY_NAME.items() if one.about is each_gradient} == OF_GRADIENTS
    assert all(BY_NAME[name].noise(None, "these networks") is None for name in WITHOUT_MORE)
    shared = {name for name, claim in BY_NAME.items() if claim.noise is over_samples}
    assert shared == {"finite_variance", "finite_fourth_moment"}
