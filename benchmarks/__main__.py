# SPDX-License-Identifier: Apache-2.0
"""Measures what the provider costs beside its peers, and writes the figures into docs/performance.md.

Goals that are not reached are shown there, as those that are; a result that is wrong is an error.
"""

from __future__ import annotations

import argparse
import sys
import time
from functools import partial

from benchmarks import results
from benchmarks.report import JSON, figures_table, publish, speed_table
from benchmarks.running import run
from benchmarks.scenarios import SCENARIOS
from benchmarks.waiting import comparing, large_prefix

ROUNDS = 5


def main() -> int:
    """Run what the command line names.

    :returns: the exit status.
    """
    names = [scenario.name for scenario in SCENARIOS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(names)}, waiting; default: all but that")
    parser.add_argument("--smoke", action="store_true", help="little of all, only to see that results are right")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    if unknown := set(options.names) - {*names, "waiting"}:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    smoked = [*(scenario.name for scenario in SCENARIOS if scenario.smoke_count), "waiting"]
    chosen = options.names or (smoked if options.smoke else names)
    say = partial(_say, time.monotonic())
    rows = []
    for scenario in SCENARIOS:
        if scenario.name in chosen:
            rows += run(scenario, rounds=1 if options.smoke else options.rounds, smoke=options.smoke, say=say)
    print(speed_table(rows), figures_table(rows), sep="\n")
    if "waiting" in chosen:
        print(comparing.HEADING)
        for measure in (comparing.measure, large_prefix.measure):
            for comparison in measure(smoke=options.smoke):
                print(comparison, flush=True)
    if rows and not options.smoke:
        before = [row for row in results.read(JSON) if row.scenario not in chosen]
        publish(sorted([*before, *rows], key=lambda row: names.index(row.scenario)))
    return 0


def _say(began: float, what: str) -> None:
    print(f"{time.monotonic() - began:6.1f} s  {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
