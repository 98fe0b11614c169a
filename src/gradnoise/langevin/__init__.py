"""SGD as Langevin dynamics: exact stationary laws, and what recorded trajectories say of them."""
