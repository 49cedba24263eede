"""The text of generated pages: a model, a table of claims, the command line. Every number is read from the code or computed by it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from autologue import library
from autologue.engine.describe import equations
from autologue.model import Model
from autologue.population import Categorical, CategoryEffect, Effect, Parametric, PowerEffect
from autologue.population.estimates import scale_of
from autologue.qualify.gates import check_model
from autologue.variability import Variability

Claim = dict[str, Any]
_KINDS = {
    "LogNormal": ("log-normal", "the logarithm", 0.0, math.inf),
    "LogitNormal": ("logit-normal", "the logit", 0.0, 1.0),
    "Normal": ("normal", "the value", -math.inf, math.inf),
}


def plain(text: object) -> str:
    """Return text that Markdown shows as it is, in one line."""
    words = " ".join(str(text).split())
    for mark in "\\|*_<$`[":
        words = words.replace(mark, f"\\{mark}")
    return words


def table(heads: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table of cells that are Markdown, or nothing where there are no rows."""
    lines = [list(heads), ["---"] * len(heads), *body]
    return "\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n" if body else ""


def number(value: Any) -> str:
    """Return a number with up to six digits, yes or no for a statement, other values as they are."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.6g}" if isinstance(value, (int, float)) else plain(value)


def spread(scale: Variability | None) -> str:
    """Return how a value varies between patients, with its scale and truncation."""
    if scale is None:
        return ""
    kind, of, lowest, highest = _KINDS[type(scale).__name__]
    low = f", from {scale.lower:g}" if scale.lower != lowest else ""
    high = f", up to {scale.upper:g}" if scale.upper != highest else ""
    return f"{kind}, sd {scale.sd:.4g} of {of}{low}{high}"


def models_of(stem: str) -> list[Model]:
    """Return the models that one library file holds."""
    return [library.load(name) for name in library.names() if library.module(name).__name__.rpartition(".")[2] == stem]


def shelf_table() -> str:
    """Return the table of all models with what each can answer, linked to its page."""
    body = []
    for name in library.names():
        model, stem = library.load(name), library.module(name).__name__.rpartition(".")[2]
        mark = " (provisional)" if model.provisional else ""
        cells = (f"{model.disease}; {model.product}", "; ".join(model.answers), "; ".join(model.silent_on))
        body.append([f"[{name}]({stem}.md){mark}", *(plain(cell) for cell in cells)])
    return table(["model", "disease and product", "answers", "says nothing about"], body)


def model_section(model: Model) -> str:
    """Return everything the code says of one model."""
    text = f"\n## {model.name}\n\n{plain(model.title).rstrip('.')}.\n"
    facts = [("disease", model.disease), ("product", model.product), ("reference", model.reference)]
    facts += [("can answer", "; ".join(model.answers)), ("says nothing about", "; ".join(model.silent_on))]
    facts += [("given unless another regimen is", str(model.regimen) if model.regimen else "")]
    facts += [("time", f"{model.time}, over {model.horizon:g}"), ("provisional", model.provisional)]
    text += table(["", ""], [[head, plain(said)] for head, said in facts if said])
    text += f"\n### Diagram\n\n![What moves, is made and is lost in {model.name}]({model.name}.svg)\n"
    text += "\n### Equations\n\n```text\n" + "\n".join(equations(model)) + "\n```\n\n### Parameters\n"
    text += table(
        ["parameter", "typical", "unit", "meaning", "between patients", "source"],
        [[f"`{n}`", f"{q.value:.6g}", plain(q.unit), plain(q.meaning), spread(q.variability) or "none", plain(q.source)]
         for n, q in model.parameters.items()],
    )  # fmt: skip
    text += "\n### States, outputs, doses and inputs\n" + _named(model)
    text += "\n### Populations\n" + _populations(model.name) + "\n### Gates\n"
    found = [[f.gate, "passed" if f.passed else "**failed**", plain(f.message)] for f in check_model(model)]
    return text + table(["gate", "verdict", "found"], found)


def _named(model: Model) -> str:
    states = [["state", f"`{n}`", plain(s.unit), plain(s.meaning)] for n, s in model.states.items()]
    outputs = [
        ["output", f"`{n}`", plain(o.unit), plain("; ".join(filter(None, (o.meaning, o.matrix, _residual(o.error)))))]
        for n, o in model.outputs.items()
    ]
    doses = [["dose", f"`{n}`", plain(d.unit), f"into `{d.state}`"] for n, d in model.dosing.items()]
    inputs = [["input", f"`{n}`", plain(i.unit), plain(f"{i.meaning}; {i.value:g} until set")] for n, i in model.inputs.items()]
    return table(["kind", "name", "unit", "meaning"], [*states, *outputs, *doses, *inputs])


def _residual(error: Any) -> str:
    return "" if error is None else f"residual error {error!r}"


def _populations(name: str) -> str:
    text = ""
    for label, people in library.populations(name).items():
        text += f"\n**`{label}`**: {plain(people.source or 'typical values of the model').rstrip('.')}.\n"
        if assumed := getattr(people, "assumed", ""):
            text += f"Assumed: {plain(assumed).rstrip('.')}.\n"
        if isinstance(people, Parametric):
            text += _differences(people)
    return text


def _differences(people: Parametric) -> str:
    """Return where a population departs from the model's own values, and its covariates."""
    changed = [n for n in people.model.parameters if n in people.typical or n in people.variability]
    typical = dict(zip(people.model.parameters, people.typical_values(), strict=True))
    text = table(
        ["parameter", "typical", "between patients"],
        [[f"`{n}`", f"{typical[n]:.6g}", spread(people.effect_scale(n)) or "none"] for n in changed],
    )
    text += table(["correlation", "value"], [[f"`{c.first}`, `{c.second}`", f"{c.value:g}"] for c in people.correlations])
    about = []
    for n, c in people.covariates.items():
        shares = ", ".join(f"{level} {share:g}" for level, share in c.shares.items()) if isinstance(c, Categorical) else ""
        said = shares if isinstance(c, Categorical) else f"median {c.median:g} {c.unit}; {spread(c.variability)}"
        about.append([f"`{n}`", plain(said), plain(c.source)])
    text += table(["covariate", "distribution", "source"], about)
    acts = [[f"`{e.parameter}`", scale_of(people, e.parameter).value, _effect(e)] for e in people.effects]
    return text + table(["effect on", "scale", "shift"], acts)


def _effect(effect: Effect) -> str:
    if isinstance(effect, CategoryEffect):
        return f"{effect.coefficient:g} where {plain(effect.covariate)} is {plain(effect.level)}"
    if isinstance(effect, PowerEffect):
        return f"{effect.exponent:g} x log({plain(effect.covariate)} / {effect.reference:g})"
    return f"{effect.coefficient:g} x ({plain(effect.covariate)} - {effect.reference:g})"


def claims_section(claims: Sequence[Claim]) -> str:
    """Return the table of claims, with how many agree before it."""
    body = []
    for row in claims:
        note = f": {plain(row['note'])}" if row.get("note") else ""
        verdict = "agrees" if row["passed"] else f"**missed**{note}"
        shown = [number(row[key]) for key in ("published", "ours", "tolerance")]
        body.append([plain(row["claim"]), plain(row["source"]), *shown, verdict])
    agree = sum(bool(row["passed"]) for row in claims)
    return f"\n{agree} of {len(claims)} agree.\n" + table(["claim", "source", "published", "ours", "tolerance", "verdict"], body)
