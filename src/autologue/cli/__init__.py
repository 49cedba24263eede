"""The command line: one file for each group of subcommands; what is heavy is imported when a command runs."""

from autologue.cli.app import app, main

__all__ = ["app", "main"]
