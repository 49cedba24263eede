"""Calibration: parameters of a simulator from published summaries, with the uncertainty that they leave.

A simulator says for one vector of parameters what each summary would be in replicates of the real size; a `Target` is one published
summary. `calibrate` returns posterior draws and says which parameters the targets informed. What is simulated is the caller's:
`autologue.trial` binds virtual trials to it.
"""

from autologue.calibrate.calibrate import SyntheticLikelihood, calibrate, work
from autologue.calibrate.calibration import Calibration, Wave
from autologue.calibrate.simulated import Simulator
from autologue.calibrate.target import SCALES, Target

__all__ = ["Calibration", "SCALES", "Simulator", "SyntheticLikelihood", "Target", "Wave", "calibrate", "work"]
