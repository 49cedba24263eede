"""Time of a virtual trial by part, of a trial of 100 patients with survival, and of patients streamed to Parquet; kernels compiled before.

`python benchmarks/trials.py [--patients N]` (10^6 unless told). Seconds of both the clock and the processor, and the peak memory of the
process that streams.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from autologue.report.page import write_report
from autologue.report.trial import trial_report
from autologue.trial import conduct, load_protocol

STREAM = """
import sys, tempfile, time
from pathlib import Path
from autologue.trial import Share, conduct_share, load_protocol
plan = load_protocol("eliana")
conduct_share(plan, Share(1, 1), parts=Path(tempfile.mkdtemp()), replicates=1)
clock, processor = time.perf_counter(), time.process_time()
with tempfile.TemporaryDirectory() as folder:
    count = -(-int(sys.argv[1]) // plan.enrolled)
    done = conduct_share(plan, Share(1, 1), parts=Path(folder), course_replicates=count)
    size = sum(file.stat().st_size for file in Path(folder).iterdir())
peak = next(float(line.split()[1]) / 1024 for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(done, time.perf_counter() - clock, time.process_time() - processor, peak, size / 1e6)
"""


def seconds(work):
    """Return the seconds of a call by the clock and of the processor, and what it returned."""
    clock, processor = time.perf_counter(), time.process_time()
    found = work()
    return time.perf_counter() - clock, time.process_time() - processor, found


def main():
    """Print the seconds of each part of `autologue trial eliana` as it is run by default, and those at scale."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--patients", type=int, default=1_000_000, help="patients to stream to Parquet")
    chosen = options.parse_args()
    plan = load_protocol("eliana")
    conduct(plan, replicates=1)
    parts = {
        "panels, 1000 replicates": lambda: conduct(replace(plan, course=""), replicates=1000),
        "course, 200 replicates": lambda: conduct(replace(plan, panels=None), replicates=200),
        f"course, 1000 replicates of {plan.enrolled}, compared": lambda: conduct(
            replace(plan, panels=None), replicates=1000, course_replicates=1000
        ),
    }
    for part, work in parts.items():
        clock, processor, _ = seconds(work)
        print(f"{part:46} {clock:6.2f} s, processor {processor:6.2f} s")
    result = conduct(plan, replicates=20)
    with tempfile.TemporaryDirectory() as folder:
        clock, processor, _ = seconds(lambda: write_report(trial_report(result), Path(folder) / "page.html"))
    print(f"{'report':46} {clock:6.2f} s, processor {processor:6.2f} s")
    run = subprocess.run([sys.executable, "-c", STREAM, str(chosen.patients)], capture_output=True, text=True, check=True)
    done, clock, processor, peak, size = (float(value) for value in run.stdout.split())
    part = f"{done:,.0f} patients to Parquet"
    print(f"{part:46} {clock:6.2f} s, processor {processor:6.2f} s; peak {peak:.0f} MiB, {size:.0f} MB written")


if __name__ == "__main__":
    main()
