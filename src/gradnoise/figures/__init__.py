"""Figures, one module each: every one writes a PDF, a PNG and the CSV of the numbers that it shows."""
