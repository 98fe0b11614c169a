"""The report: one self-contained HTML page, and the noise card for comparing networks.

May import `tables`, `data`'s descriptions and what lies below; titles and captions of figures come in the settings, so
that no code of a figure stands in its way.
"""
