"""Covariate screening finds an effect that is there, and others at the nominal rate.

Studies of 60 patients with four measurements each on a line; the level depends on covariate x (0.8 of its standard deviation), and on
nothing else. Six pairs are tried, forward and backward at p < 0.05, by FOCEI, which is exact here. Tolerances, chosen before:
- x on the level is found in every study (its expected z is above 5);
- of the five pairs without effect, 5 % are in the final models, within 3.5 standard errors of that share; among the first step's p-values
  of the four pairs without x, 5 % are below 0.05, within 3.5 too. Small samples make a likelihood ratio a little liberal.

`python validation/covariate_screening.py --file studies.jsonl` runs 200 studies (those that the file lacks) and writes the record.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
import _nlme as nlme
import _recorded as shelf
from _lines import lines, population

from autologue.diagnose import LikelihoodRatio, screen_covariates
from autologue.fit import FOCEI, fit

NAME, STUDIES, EFFECT, PATIENTS, LEVEL = "covariate_screening", 200, 0.8, 60, 0.05
TRIED = {"mu": ["x", "w", "g"], "slope": ["x", "w", "g"]}
TRUE = ("mu", "x")


def study(seed: int) -> dict[str, Any]:
    """Return what one study chose, and the p-values of its first step."""
    base = fit(lines(seed, effect=EFFECT, patients=PATIENTS), population(), method=FOCEI(probes=0))
    found = screen_covariates(base, covariates=TRIED, criterion=LikelihoodRatio(forward=LEVEL, backward=LEVEL))
    first = found.steps[found.steps["step"] == 1]
    p = {f"{row.parameter} {row.covariate}": float(row.p) for row in first.itertuples()}
    return dict(seed=seed, chosen=[list(pair) for pair in found.chosen], p=p)


def claims_of(studies: list[dict[str, Any]]) -> list[dict[str, object]]:
    """Return the claims on studies."""
    n, pairs = len(studies), [(a, b) for a, names in TRIED.items() for b in names if (a, b) != TRUE]
    chosen = [{tuple(pair) for pair in each["chosen"]} for each in studies]
    null = float(np.mean([[pair in own for pair in pairs] for own in chosen]))
    first = np.array([[each["p"][f"{a} {b}"] for a, b in pairs if b != "x"] for each in studies])
    rows = [nlme.claim(f"{n} studies, x on the level found in", "all", 1.0, float(np.mean([TRUE in own for own in chosen])), 0.0)]
    low = float((first < LEVEL).mean())
    for words, share, count in (("final models", null, n * len(pairs)), ("first step, p < 0.05", low, first.size)):
        error = np.sqrt(LEVEL * (1 - LEVEL) / count)
        rows.append(nlme.claim(f"pairs without effect in {words}", "nominal", LEVEL, share, 3.5 * error, note=f"+- {error:.3f}"))
    return rows


def checks(*, quick: bool) -> list[dict[str, object]]:
    """Return one row a claim: of eight studies, or of the recorded ones."""
    return claims_of([study(seed) for seed in range(1, 9)] if quick else shelf.recorded(NAME)["found"])


def main(arguments: list[str]) -> int:
    """Run the studies, or the quick mode."""
    if "--file" in arguments:
        file = Path(arguments[arguments.index("--file") + 1])
        done = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        for seed in range(len(done) + 1, STUDIES + 1):
            done.append(study(seed))
            with file.open("a") as out:
                out.write(json.dumps(done[-1]) + "\n")
        inputs = shelf.mark(TRIED, EFFECT, PATIENTS, LEVEL)
        shelf.record(NAME, inputs=inputs, seed=f"1 to {len(done)}", found=done)
    return nlme.report(checks(quick="--quick" in arguments))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
