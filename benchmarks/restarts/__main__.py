# SPDX-License-Identifier: Apache-2.0
"""Kills a real triggerer at random moments while objects arrive, and counts the asset events.

Airflow is real (its command, metadata database, serialised DAG and watcher), and so is S3 (SeaweedFS). All processes
of the triggerer die by SIGKILL at once, and the next one finds the trigger as any other triggerer would.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial

from benchmarks.restarts.trial import LONGEST_LIFE_SECONDS, Trial, run


def main() -> int:
    """Run a trial and print its figures.

    :returns: the exit status: 0 only if nothing was lost, and doubled only by a kill.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.restarts", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--objects", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--longest-life", type=float, default=LONGEST_LIFE_SECONDS, metavar="SECONDS")
    options = parser.parse_args()
    coverage = run(Trial(**vars(options)), partial(print, flush=True))
    for name, figure in coverage.figures().items():
        print(f"{name:44} {figure:>8}")
    for problem in coverage.problems():
        print(f"FAILED {problem}")
    return 1 if coverage.problems() else 0


if __name__ == "__main__":
    sys.exit(main())
