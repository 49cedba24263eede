"""Disease courses by the name that a protocol gives."""

from __future__ import annotations

from autologue.errors import InputError, unknown
from autologue.trial.courses.course import DiseaseCourse
from autologue.trial.courses.leukaemia import LeukaemiaCourse
from autologue.trial.courses.lymphoma import LymphomaCourse

__all__ = ["course_named"]

_COURSES: dict[str, type[DiseaseCourse]] = {"leukaemia": LeukaemiaCourse, "lymphoma": LymphomaCourse}
_UNFIT = {
    "kirouac_2023": "it was fitted to chronic lymphocytic leukaemia, and its partial responders rest on a capacity below their first "
    "burden, so its plateau is no response"
}


def course_named(name: str) -> DiseaseCourse:
    """Return a disease course; raises InputError for an unknown one, and for a model that may not score response.

    >>> course_named("lymphoma").unit
    'mL'
    """
    if name in _UNFIT:
        raise InputError(f"'{name}' cannot score response: {_UNFIT[name]}; choose one of {', '.join(_COURSES)}")
    if name not in _COURSES:
        raise InputError(unknown("disease course", name, _COURSES))
    return _COURSES[name]()
