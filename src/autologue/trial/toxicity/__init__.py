"""Toxicity of simulated patients: signal, physiology, grades by every scale, comedication, death."""

from autologue.trial.toxicity.course import DAYS, Toxicity, toxicity_course
from autologue.trial.toxicity.states import course_of, findings_of

__all__ = ["DAYS", "Toxicity", "course_of", "findings_of", "toxicity_course"]
