"""Claims on noise balance and exact stationary laws."""
