# SPDX-License-Identifier: Apache-2.0
"""``python deathsignal.py PARENT_PID COMMAND ARGUMENT...`` becomes the command, which then dies with its parent.

A program of its own, run by path, because a ``preexec_fn`` is not safe in a process that has threads.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Ask the kernel to kill this process with its parent (Linux only), then become the command."""
    parent, *command = arguments
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
        if os.getppid() != int(parent):
            sys.exit("The parent ended before the command began.")
    os.execv(command[0], command)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main(sys.argv[1:])
