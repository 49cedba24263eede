"""Which models there are and in which file each one stands; a file is imported when its model is asked for."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from autologue.errors import ModelError, unknown

if TYPE_CHECKING:
    from autologue.model import Model
    from autologue.population import Population

__all__ = ["load", "module", "names", "populations"]

_MODELS = {  # name: file and ending of MODEL and POPULATIONS in it
    "barros_2021": ("barros_2021", ""),
    "barros_2021_raji": ("barros_2021", "_RAJI"),
    "brummer_2022": ("brummer_2022", ""),
    "hanson_2016": ("hanson_2016", ""),
    "kareva_gevertz_2023": ("kareva_gevertz_2023", ""),
    "kimmel_2021": ("kimmel_2021", ""),
    "kimmel_2021_extinction": ("kimmel_2021", "_EXTINCTION"),
    "kirouac_2023": ("kirouac_2023", ""),
    "langenhorst_2019": ("langenhorst_2019", ""),
    "leon_triana_2021": ("leon_triana_2021", ""),
    "leon_triana_2021_solid": ("leon_triana_2021_solid", ""),
    "leon_triana_2021_solid_dual": ("leon_triana_2021_solid", "_DUAL"),
    "leon_triana_2021_source": ("leon_triana_2021_source", ""),
    "ogasawara_2021": ("ogasawara_2021", ""),
    "ogasawara_2021_from_lag": ("ogasawara_2021", "_FROM_LAG"),
    "owens_bozic_2021": ("owens_bozic_2021", ""),
    "sahoo_2020": ("sahoo_2020", ""),
    "singh_2021": ("singh_2021", ""),
    "stein_2019": ("stein_2019", ""),
    "swanson_2022": ("swanson_2022", ""),
}


def names() -> list[str]:
    """Return the names of all models, sorted, without importing any."""
    return list(_MODELS)


def _entry(name: str) -> tuple[str, str]:
    if name not in _MODELS:
        raise ModelError(unknown("model", name, _MODELS))
    return _MODELS[name]


def module(name: str) -> ModuleType:
    """Return the file of a model as a module; raises ModelError for an unknown name."""
    return import_module(f"{__package__}.{_entry(name)[0]}")


def load(name: str) -> Model:
    """Return a model; raises ModelError for an unknown name, with the nearest names."""
    model: Model = getattr(module(name), f"MODEL{_entry(name)[1]}")
    return model


def populations(name: str) -> dict[str, Population]:
    """Return the populations of a model by name, the default first; raises ModelError for an unknown name."""
    found: dict[str, Population] = getattr(module(name), f"POPULATIONS{_entry(name)[1]}")
    return dict(found)
