"""Three-valued answers: True, False, or None for a finding that was not recorded (Kleene's strong logic).

A grade is only given when no unrecorded finding could change it, so every criterion must be able to answer "unknown".
"""

from __future__ import annotations

__all__ = ["Truth", "all_of", "any_of", "at_least", "not_"]

Truth = bool | None


def any_of(*answers: Truth) -> Truth:
    """Return True if one answer is True, None if that is still possible, else False.

    >>> any_of(True, None), any_of(False, None), any_of(False, False)
    (True, None, False)
    """
    if True in answers:
        return True
    return None if None in answers else False


def all_of(*answers: Truth) -> Truth:
    """Return False if one answer is False, None if that is still possible, else True.

    >>> all_of(False, None), all_of(True, None), all_of(True, True)
    (False, None, True)
    """
    if False in answers:
        return False
    return None if None in answers else True


def not_(answer: Truth) -> Truth:
    """Return the opposite answer; the opposite of unknown is unknown.

    >>> not_(None) is None, not_(True)
    (True, False)
    """
    return None if answer is None else not answer


def at_least(value: float | None, bound: float) -> Truth:
    """Say whether `value` reaches `bound`; unknown when it was not recorded.

    >>> at_least(38.0, 38.0), at_least(None, 38.0)
    (True, None)
    """
    return None if value is None else value >= bound
