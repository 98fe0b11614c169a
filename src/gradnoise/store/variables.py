"""What an array or a column is: its name, meaning, units and dimensions, declared once beside its writer."""

from typing import NamedTuple

# Of a gradient, its noise and its mean; their squares are "(...)^2".
GRADIENT_UNITS = "loss per unit of the parameter"


class Variable(NamedTuple):
    """One array of a store or a file, or one column of a table."""

    name: str
    long_name: str  # what it means, in a line
    units: str = "1"  # "1" is a pure number, "" has none (names, flags)
    dimensions: tuple[str, ...] = ()  # of an array; a column has its table's rows
