"""Toxicity: one record of physiology, four published scales read from it."""
