"""Outcomes: response criteria, estimands, toxicity grading and predictive scores, each from dated findings."""
