"""How a claim is decided: pure functions over arrays, none of which knows what is measured.

`component`: one quantity of a claim with its error and its range; `decision`: "every" and "some" component;
`moderation`: variances of few seeds, moderated by those of like layers (Smyth 2004); `contrasts`: percentages of
layers and batch sizes compared, for these networks and for the architecture; `alike`: any other quantities of one kind;
`root_mean_square`: many cells at once; `sampling`: what the choice of coordinates adds; `power`: what would decide.

Equality is equivalence: a component with both ends of its range is two one-sided tests. May import NumPy and SciPy.
"""
