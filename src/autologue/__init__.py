"""CAR T-cell therapy in silico, made to measure. Research and simulation, not a medical device."""

__version__ = "0.1.0"
