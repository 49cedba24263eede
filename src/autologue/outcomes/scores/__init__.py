"""Predictive scores with their published points and units; a laboratory value always carries its unit."""
