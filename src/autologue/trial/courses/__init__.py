"""Disease courses: what happens to the disease and the cells from infusion on, by a library model, escape of antigen, and links."""

from __future__ import annotations

from autologue.trial.courses.course import Burdens, DiseaseCourse
from autologue.trial.courses.leukaemia import LeukaemiaCourse
from autologue.trial.courses.lymphoma import LymphomaCourse
from autologue.trial.courses.myeloma import MyelomaCourse
from autologue.trial.courses.named import course_named, links_named

__all__ = ["Burdens", "DiseaseCourse", "LeukaemiaCourse", "LymphomaCourse", "MyelomaCourse", "course_named", "links_named"]
