"""Simulate the model of `my_model.py`: the five lines of the tutorial."""

from my_model import MODEL

from autologue import simulate

course = simulate(MODEL, horizon=200, patients=1)
print(course.to_frame().tail(3))
