"""Processor time of a virtual trial by part: panels, course, report, with kernels compiled before. `python benchmarks/trials.py`."""

import tempfile
import time
from dataclasses import replace
from pathlib import Path

from autologue.report.page import write_report
from autologue.report.trial import trial_report
from autologue.trial import conduct, load_protocol


def seconds(work):
    """Return the processor seconds of a call, and what it returned."""
    start = time.process_time()
    found = work()
    return time.process_time() - start, found


def main():
    """Print the seconds of each part of `autologue trial eliana` as it is run by default."""
    plan = load_protocol("eliana")
    conduct(plan, replicates=1)
    panels, _ = seconds(lambda: conduct(replace(plan, course=""), replicates=1000))
    course, _ = seconds(lambda: conduct(replace(plan, panels=None), replicates=200))
    result = conduct(plan, replicates=20)
    with tempfile.TemporaryDirectory() as folder:
        report, _ = seconds(lambda: write_report(trial_report(result), Path(folder) / "page.html"))
    for part, spent in (("panels, 1000 replicates", panels), ("course, 200 replicates", course), ("report", report)):
        print(f"{part:26} {spent:6.2f} s")


if __name__ == "__main__":
    main()
