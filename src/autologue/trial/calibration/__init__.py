"""Calibration of virtual trials: links that are marked for it, moved by the calibrating figures of published trials.

The method is that of `autologue.calibrate`; here are its parameters (links), its targets (rows of families that calibrate), its simulator
(trials of the real size), and the file of posterior draws that trials are drawn from.
"""

from autologue.trial.calibration.posterior import Drawing, Posterior, drawing_for, read_posterior, shipped_posterior
from autologue.trial.calibration.trials import TrialCalibration, calibrate_trials

__all__ = ["Drawing", "Posterior", "TrialCalibration", "calibrate_trials", "drawing_for", "read_posterior", "shipped_posterior"]
