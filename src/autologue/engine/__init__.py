"""The only place where an ODE is solved."""
