"""`python -m autologue` is the command `autologue`."""

from autologue.cli import main

main()
