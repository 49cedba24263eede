"""Disease courses by the name that a protocol gives."""

from __future__ import annotations

from autologue.errors import InputError, unknown
from autologue.trial.courses.course import DiseaseCourse
from autologue.trial.courses.leukaemia import LeukaemiaCourse
from autologue.trial.courses.lymphoma import LymphomaCourse
from autologue.trial.courses.myeloma import MyelomaCourse

__all__ = ["course_named", "links_named"]

_COURSES: dict[str, type[DiseaseCourse]] = {
    "leukaemia": LeukaemiaCourse, "lymphoma": LymphomaCourse, "mantle_cell": LymphomaCourse, "follicular": LymphomaCourse,
    "myeloma": MyelomaCourse,
}  # fmt: skip
_OWN = ("mantle_cell", "follicular")  # diseases that share a course, with links of their own in place of some of its
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


def links_named(name: str) -> tuple[str, ...]:
    """Return the files of links of a disease, the later in place of the earlier.

    >>> links_named("follicular")
    ('lymphoma', 'follicular')
    """
    return (*course_named(name).links, *((name,) if name in _OWN else ()))
