"""How a claim is decided: pure functions over arrays, none of which knows what is measured.

`component`: one quantity of a claim with its error and its range; `decision`: "every" and "some" component;
`alike`: quantities of one kind; `root_mean_square`: many cells at once; `power`: what would decide.

Percentages of layers and batch sizes have their errors from `gradnoise.tables.moderated`, as tables and figures do.
Equality is equivalence: a component with both ends of its range is two one-sided tests. May import NumPy and SciPy.
"""
