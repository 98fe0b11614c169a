import pytest
from scipy.integrate import quad
from scipy.stats import norm

from gradnoise.related.studies.exact.injected_noise import moments, run, third_cumulant
from gradnoise.related.study import Settings


def test_moments_are_those_of_the_law() -> None:
    residual, weight = 1.3, -0.7

    def central(power: int) -> float:
        def density(e: float) -> float:
            return (e * (residual + weight * e) - weight) ** power * norm.pdf(e)

        return quad(density, -12, 12)[0]

    variance, skewness, excess = moments(residual, weight)
    assert variance == pytest.approx(central(2))
    assert skewness == pytest.approx(central(3) / central(2) ** 1.5)
    assert excess == pytest.approx(central(4) / central(2) ** 2 - 3)


def test_third_cumulant_solves_its_recursion() -> None:
    variance, skewness, _ = moments(1.3, 0.4)
    found = third_cumulant(1.3, 0.4, 0.2, 1.5)
    assert found == pytest.approx(0.7**3 * found - 0.2**3 * skewness * variance**1.5)


def test_every_row_lies_in_its_range_and_the_sides_mirror() -> None:
    found = run(Settings(seed=2))
    for row in found.rows:
        assert row.least < row.measured < row.most, row
    right, left = found.arrays["drift"].mean(axis=1)
    assert right > 0.004
    assert left < -0.004
