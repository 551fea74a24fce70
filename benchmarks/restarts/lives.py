# SPDX-License-Identifier: Apache-2.0
"""``python -m benchmarks.restarts.lives FILE``: one triggerer after the other, each as soon as the last was killed.

Importing what a triggerer needs takes longer than the lives that are wanted, so it is done once, and each life is a
fork: from there on it is ``airflow triggerer``, with a process group, a job and a forked runner of its own. The number
of that group is appended to the file.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1


def main(groups: Path) -> None:
    """Run triggerers until this process is killed, which kills the one that is alive."""
    import boto3  # noqa: F401 - as a trigger does at its first look
    from airflow.api_fastapi.execution_api.app import InProcessExecutionAPI
    from airflow.cli.cli_parser import get_parser
    from airflow.jobs import triggerer_job_runner  # noqa: F401
    from airflow.providers_manager import ProvidersManager

    _ = InProcessExecutionAPI().app
    ProvidersManager().initialize_providers_configuration()
    arguments = get_parser().parse_args(["triggerer", "--skip-serve-logs"])
    while True:
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            try:
                os.setpgid(0, 0)
                ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
                arguments.func(arguments)
            finally:
                os._exit(1)
        os.setpgid(pid, pid)
        with groups.open("a") as file:
            file.write(f"{pid}\n")
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
