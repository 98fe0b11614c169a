"""The report: one self-contained HTML page, and the noise card for comparing networks."""
