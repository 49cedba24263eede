"""What shows that a model, a data set or an installation can be trusted: gates, claims, checks."""
