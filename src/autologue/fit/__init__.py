"""Fitting populations to cohorts."""
