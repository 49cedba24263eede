"""`autologue models`: the library, and one model of it in full."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from autologue.cli import console
from autologue.errors import InputError

if TYPE_CHECKING:
    from autologue.model import Model
    from autologue.population import Population
    from autologue.variability import Variability

__all__ = ["models"]


_KINDS = {  # kind, what the standard deviation is of, and the range where it is not truncated
    "LogNormal": ("log-normal", "the logarithm", 0.0, math.inf),
    "LogitNormal": ("logit-normal", "the logit", 0.0, 1.0),
    "Normal": ("normal", "the value", -math.inf, math.inf),
}


def models(
    name: Annotated[str | None, typer.Argument(help="A model of the library; without it, all are listed.")] = None,
    *,
    diagram: Annotated[Path | None, typer.Option(help="File for the flow diagram of a model: .svg, .png or .pdf.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """List the published models, or show one: equations, parameters, populations, gates, reference.

    \b
    autologue models
    autologue models stein_2019
    autologue models kimmel_2021 --diagram kimmel.svg
    """
    from autologue import library

    if diagram is not None:
        _draw(name, diagram)
    elif name is None:
        _list([library.load(each) for each in library.names()], as_json=as_json)
    elif as_json:
        console.print_json(_whole(library.load(name), library.populations(name)))
    else:
        _show(library.load(name), library.populations(name))


def _draw(name: str | None, path: Path) -> None:
    from autologue import library
    from autologue.qualify.usermodel import load_user_model

    if name is None:
        raise InputError("--diagram draws one model; name it, like: autologue models kimmel_2021 --diagram kimmel.svg")
    model = load_user_model(name) if name.endswith(".py") else library.load(name)
    from autologue.plot.diagram import save_diagram

    console.say(f"Written: {save_diagram(model, path)}")


def _list(found: list[Model], *, as_json: bool) -> None:
    if as_json:
        keys, lists = ("name", "title", "disease", "product", "reference", "provisional"), ("states", "answers", "silent_on")
        console.print_json([{k: getattr(m, k) for k in keys} | {k: list(getattr(m, k)) for k in lists} for m in found])
        return
    for m in found:
        typer.secho(m.name, bold=True, nl=False)
        typer.echo(f"  {m.title}" + (" (provisional)" if m.provisional else ""))
        about = {"disease": m.disease, "product": m.product, "states": ", ".join(m.states)}
        for head, text in {**about, "answers": "; ".join(m.answers), "silent on": "; ".join(m.silent_on)}.items():
            typer.echo(f"    {head:9} {text}")
    typer.echo("\n'autologue models NAME' shows one in full; 'autologue simulate NAME' simulates it.")


def _scale(variability: Variability | None) -> str:
    """Return how a value varies between patients, with its scale.

    >>> from autologue.variability import LogNormal
    >>> _scale(LogNormal(sd=0.38, lower=1.0)), _scale(None)
    ('log-normal, sd 0.38 of the logarithm, from 1', '')
    """
    if variability is None:
        return ""
    kind, of, lowest, highest = _KINDS[type(variability).__name__]
    low = f", from {variability.lower:g}" if variability.lower != lowest else ""
    high = f", up to {variability.upper:g}" if variability.upper != highest else ""
    return f"{kind}, sd {variability.sd:.4g} of {of}{low}{high}"


def _whole(model: Model, populations: dict[str, Population]) -> dict[str, Any]:
    """Return everything that is shown of a model."""
    from autologue.engine.describe import equations
    from autologue.qualify.gates import check_model
    from autologue.qualify.verdicts import recorded_verdicts

    return {
        "name": model.name,
        "title": model.title,
        "disease": model.disease,
        "product": model.product,
        "reference": model.reference,
        "time": model.time,
        "horizon": model.horizon,
        "answers": list(model.answers),
        "silent_on": list(model.silent_on),
        "provisional": model.provisional,
        "regimen": str(model.regimen) if model.regimen else "",
        "validation": model.validation,
        "states": [{"name": n, "unit": s.unit, "meaning": s.meaning} for n, s in model.states.items()],
        "outputs": [{"name": n, "unit": o.unit, "matrix": o.matrix, "meaning": o.meaning} for n, o in model.outputs.items()],
        "doses": [{"route": n, "into": d.state, "unit": d.unit} for n, d in model.dosing.items()],
        "inputs": [
            {"name": n, "value": i.value, "unit": i.unit, "meaning": i.meaning, "no mechanism": i.association}
            for n, i in model.inputs.items()
        ],
        "equations": equations(model),
        "parameters": [
            {"name": n, "value": q.value, "unit": q.unit, "variability": _scale(q.variability), "meaning": q.meaning, "source": q.source}
            for n, q in model.parameters.items()
        ],
        "populations": [{"name": n, "source": p.source, "assumed": getattr(p, "assumed", "")} for n, p in populations.items()],
        "verdicts": recorded_verdicts(model.name),
        "gates": [{"gate": f.gate, "passed": f.passed, "message": f.message} for f in check_model(model)],
    }


def _show(model: Model, populations: dict[str, Population]) -> None:
    shown = _whole(model, populations)
    for line in (shown["title"], f"{model.disease} - {model.product} - {model.reference}", ""):
        typer.echo(line)
    for head, items in (("can answer", model.answers), ("says nothing about", model.silent_on)):
        typer.echo(f"{head}: {'; '.join(items) or '-'}")
    if model.provisional:
        typer.echo(f"provisional: {model.provisional}")
    if model.regimen:
        typer.echo(f"given unless another regimen is: {model.regimen}")
    typer.echo(f"time in {model.time}, over {model.horizon:g} {model.time}\n")
    for line in shown["equations"]:
        typer.echo(line)
    typer.echo("")
    for key in ("states", "parameters", "outputs", "doses", "inputs", "populations"):
        if shown[key]:
            heads = list(shown[key][0])
            console.print_table(key, heads, [list(row.values()) for row in shown[key]], right=("value",))
    rows = [(row["gate"], "passed" if row["passed"] else "FAILED", row["message"]) for row in shown["gates"]]
    console.print_table("gates", ["gate", "verdict", "found"], rows)
    claims = shown["verdicts"]
    if claims:
        body = [
            (c["claim"], console.number(c["published"]), console.number(c["ours"]), "agrees" if c["passed"] else f"MISSED: {c['note']}")
            for c in claims
        ]
        console.print_table(f"validation, recorded by {model.validation}", ["claim", "published", "ours", "verdict"], body)
        typer.echo(f"{sum(c['passed'] for c in claims)} of {len(claims)} published or computed figures agree")
    else:
        typer.echo(f"validation: {model.validation or 'none'}")
