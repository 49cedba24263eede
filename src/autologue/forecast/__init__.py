"""Forecasts: made to measure for one patient."""
