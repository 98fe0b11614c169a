"""What an array or a column is: its name, meaning, units and dimensions, declared once beside its writer.

Also what all tables agree on: their quantiles, and the width of a 95 % interval.
"""

from typing import NamedTuple

# Of a gradient, its noise and its mean; their squares are "(...)^2".
GRADIENT_UNITS = "loss per unit of the parameter"


class Variable(NamedTuple):
    """One array of a store or a file, or one column of a table."""

    name: str
    long_name: str  # what it means, in a line
    units: str = "1"  # "1" is a pure number, "" has none (names, flags)
    dimensions: tuple[str, ...] = ()  # of an array; a column has its table's rows


# Percentiles over coordinates that stand for a layer.
QUANTILES = (5, 25, 50, 75, 95)

# Standard errors to either side of a 95 % interval, where the error is known.
NORMAL = 1.959964


def quantile_names(name: str) -> list[str]:
    """Columns `{name}_q05` to `{name}_q95`."""
    return [f"{name}_q{percent:02}" for percent in QUANTILES]


def quantile_variables(variable: Variable) -> tuple[Variable, ...]:
    """Columns of the quantiles of an array over coordinates.

    >>> quantile_variables(Variable("rho", "third moment"))[0]
    Variable(name='rho_q05', long_name='third moment: 5 % quantile over coordinates', units='1', dimensions=())
    """
    return tuple(
        Variable(
            name, f"{variable.long_name}: {percent} % quantile over coordinates", variable.units
        )
        for name, percent in zip(quantile_names(variable.name), QUANTILES, strict=True)
    )
