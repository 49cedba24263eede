"""A forecast put into words and numbers: probabilities, drivers, domain, quality, as a record that JSON can hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from typing import Any

import pandas as pd

from autologue.errors import InputError
from autologue.forecast.calibration import Calibration, recorded_calibration
from autologue.forecast.domain import Domain, judge_domain
from autologue.forecast.drivers import ObservationPart, ParameterPart, level_at, observation_parts, parameter_parts
from autologue.forecast.forecast import DISCLAIMER, Forecast, event_free
from autologue.forecast.statements import Probability, Statement, state, usual_statements

__all__ = ["Account", "give_account", "schema"]

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True, eq=False)
class Account:
    """What is said of a forecast. output: the one spoken of; `answer` in words is what the drivers moved; landmarks: levels at times.

    calibration: what is recorded of this kind of forecast, None where nothing is; calibrated says it in words.
    """

    forecast: Forecast
    output: str
    probabilities: tuple[Probability, ...]
    domain: Domain | None
    answer: str
    observations: tuple[ObservationPart, ...]
    parameters: tuple[ParameterPart, ...]
    landmarks: pd.DataFrame
    calibration: Calibration | None
    calibrated: str

    @property
    def sentences(self) -> tuple[str, ...]:
        """The plain-language summary: up to three numbers, and what they rest on."""
        found = [_level(self, row) for row in (self.landmarks.iloc[0], self.landmarks.iloc[-1])][: len(self.landmarks)]
        if self.probabilities:
            each = self.probabilities[-1]
            found.append(f"Probability of {each.text}: {_percent(each.probability)} (Monte-Carlo {_between(each)}); {_before(each)}.")
        return (*found, _basis(self), *self.forecast.notes, *((self.domain.sentence,) if self.domain else ()))

    def record(self) -> dict[str, Any]:
        """Return everything as plain values; `schema()` describes them."""
        forecast, quality = self.forecast, self.forecast.posterior.quality
        data = forecast.simulation.data
        return {
            "format": 1,
            "comment": DISCLAIMER,
            "patient": forecast.patient.id,
            "model": forecast.prior.model.name,
            "model_hash": data.attrs["model_hash"],
            "population": forecast.prior.name,
            "time_unit": forecast.time_unit,
            "now": forecast.now,
            "horizon": forecast.horizon,
            "draws": int(data.sizes["patient"]),
            "seed": forecast.seed,
            "quality": asdict(quality),
            "summary": list(self.sentences),
            "statements": [{**asdict(each), "statement": type(each.statement).__name__} for each in self.probabilities],
            "quantiles": forecast.simulation.quantiles(LEVELS).drop(columns=["n", "excluded"]).to_dict("records"),
            "spoken": self.output,
            "answer": self.answer,
            "observations": [{**asdict(each), "moved": each.moved} for each in self.observations],
            "parameters": [asdict(each) for each in self.parameters],
            "calibration": {"said": self.calibrated, "study": None if self.calibration is None else asdict(self.calibration)},
            "domain": None if self.domain is None else {**asdict(self.domain), "outside": self.domain.outside},
            "notes": list(forecast.notes),
        }


def give_account(forecast: Forecast, statements: Sequence[Statement] = (), *, output: str | None = None) -> Account:
    """Return what can be said of a forecast: the usual statements and those given; the drivers are those of `output` at the horizon."""
    model = forecast.prior.model
    known = list(forecast.simulation.names("output"))
    spoken = output or next((name for name in forecast.patient.observations if name in known), known[0])
    if spoken not in known:
        raise InputError(f"the forecast holds no output '{spoken}'; it holds {', '.join(known)}")
    logged = bool((forecast.simulation.data[spoken].to_numpy()[:, -1] > 0).all())
    answer = level_at(spoken, forecast.horizon, log=logged)
    said = f"{'log10 of ' if logged else ''}{spoken} ({model.outputs[spoken].unit}) at {forecast.time_unit} {forecast.horizon:g}"
    latent = forecast.posterior.latent
    return Account(
        forecast,
        spoken,
        tuple(state(forecast, [*usual_statements(forecast), *statements])),
        judge_domain(latent, seed=forecast.seed),
        said,
        tuple(observation_parts(forecast, answer)),
        tuple(parameter_parts(forecast, answer)),
        _landmarks(forecast, spoken),
        *recorded_calibration(forecast, spoken),
    )


def schema() -> Mapping[str, Any]:
    """Return the JSON schema of a record."""
    import json

    text = files("autologue.forecast").joinpath("forecast.schema.json").read_text(encoding="utf-8")
    found: Mapping[str, Any] = json.loads(text)
    return found


def _landmarks(forecast: Forecast, output: str) -> pd.DataFrame:
    """Return quantiles of the output a quarter of the way to the horizon and at it, rounded to whole times where that is possible."""
    quarter = forecast.now + 0.25 * (forecast.horizon - forecast.now)
    times = sorted({round(quarter) if quarter > 10 else quarter, forecast.horizon})
    return forecast.follow(times=times).quantiles(LEVELS, outputs=[output])


def _level(account: Account, row: pd.Series[Any]) -> str:
    unit = account.forecast.prior.model.outputs[account.output].unit
    low, middle, high = (f"{row[name]:.3g}" for name in ("q5", "q50", "q95"))
    where = f"{account.forecast.time_unit} {row['time']:g}"
    return f"{account.output} at {where}: median {middle} {unit}, nine in ten between {low} and {high}."


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if 0.01 <= share <= 0.99 else "below 1 %" if share < 0.5 else "above 99 %"


def _between(each: Probability) -> str:
    digits = 0 if each.lower >= 0.01 and each.upper <= 0.99 else 1  # near certainty, a whole percent would say 100 to 100
    return f"{100 * each.lower:.{digits}f} to {100 * each.upper:.{digits}f} %"


def _before(each: Probability) -> str:
    return f"before anything was measured {_percent(each.before)}"


def _basis(account: Account) -> str:
    """Return what the numbers rest on, in one sentence."""
    forecast = account.forecast
    count = sum(len(seen) for seen in forecast.patient.observations.values())
    below = sum(int(seen.censored.sum()) for seen in forecast.patient.observations.values())
    source = f"population '{forecast.prior.name}' of {forecast.prior.model.name}"
    known = event_free(forecast.prior.model, forecast.patient)
    free = ", ".join(f"no {name} until {forecast.time_unit} {t:g}" for name, t in known.items())
    if not count:
        return f"They rest on {free} and the {source}." if free else f"They rest on the {source} alone."
    seen = f"{count} observation{'s' if count > 1 else ''}" + (f" ({below} not quantified)" if below else "")
    seen += f" and {free}" if free else ""
    most = ""
    if account.observations:
        part = account.observations[0]
        most = f"; the one of {forecast.time_unit} {part.time:g} ({part.value}) moved them most"
    learnt = [each.parameter for each in account.parameters if each.narrowed > 0.3]
    rest = [each.parameter for each in account.parameters if each.narrowed <= 0.3]
    told = f", which tell of {', '.join(learnt)}" if learnt else ""
    open_ = f"; {', '.join(rest)} {'comes' if len(rest) == 1 else 'come'} mostly from the {source}" if rest else f" within the {source}"
    return f"They rest on {seen} until {forecast.time_unit} {forecast.now:g}{told}{open_}{most}."
