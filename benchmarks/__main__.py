# SPDX-License-Identifier: Apache-2.0
"""Runs every benchmark; a limit that is not kept is an error, except with ``--smoke``."""

from __future__ import annotations

import argparse
import sys

from benchmarks import beside, cache_hit, imports, large_prefix, listing, transfer_memory, waiting
from benchmarks.measuring import HEADING

ROUNDS, SMOKE_ROUNDS = 15, 2
TABLES = (
    (HEADING, imports, cache_hit, listing, transfer_memory, large_prefix),
    (beside.HEADING, beside),
    (waiting.HEADING, waiting),
)


def main() -> int:
    """Print a table of all measurements.

    :returns: the exit status: 1 if a limit was not kept.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="a few rounds, only to see that all of it runs")
    smoke = parser.parse_args().smoke
    good = True
    for heading, *benchmarks in TABLES:
        print(heading)
        for benchmark in benchmarks:
            for measurement in benchmark.measure(SMOKE_ROUNDS if smoke else ROUNDS):
                print(measurement, flush=True)
                good &= measurement.is_good
    return 0 if good or smoke else 1


if __name__ == "__main__":
    sys.exit(main())
