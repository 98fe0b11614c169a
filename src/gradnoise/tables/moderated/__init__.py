"""Percentages of many layers and batch sizes: errors from variances that like cells share, what sampling adds."""
