"""Parametric families of survival curves, one file a family."""
