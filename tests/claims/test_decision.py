"""How claims become rows of the claims table."""

from example_claims import evidence, rising, row, verdict
from example_results import ALEXNET


def test_conventions_that_disagree_leave_a_claim_undecided_and_are_shown():
    # Half of the coordinates are constant: counted as Gaussian they lift 6 % to 53 %.
    run = evidence(
        lambda la, e, size, n: {64: 6.0, 256: 50.0, 1024: 90.0}[size] if la == "conv4" else 60.0,
        ALEXNET,
        "alexnet",
        dead=0.5,
    )
    found = row("alexnet_fourth_convolution", run)
    assert found["verdict"] == "undecided"
    assert "the cases disagree" in found["reason"]
    assert "n = 200, testable: supported" in found["cases"]
    assert "n = 200, constant counted as Gaussian: contradicted" in found["cases"]


def test_scope_names_the_unit():
    many = row("rises_with_batch_size", evidence(rising))
    one = row("rises_with_batch_size", evidence(rising, seeds=1))
    assert (many["unit"], many["scope"]) == ("seed", "cnn on cifar10, 3 seeds")
    assert (one["unit"], one["scope"]) == ("repeat", "cnn on cifar10, this network")


def test_one_repeat_of_one_network_decides_nothing():
    run = evidence(rising, seeds=1, repeats=1)
    assert verdict("rises_with_batch_size", run) == "not testable here"


def test_claims_that_need_other_stages_say_which_and_are_never_decided():
    for name in ("finite_variance", "tail_index_to_two"):
        found = row(name, evidence(rising))
        assert found["verdict"] == "not testable here"
        assert found["reason"].startswith("needs ")
