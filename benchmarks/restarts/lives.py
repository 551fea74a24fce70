# SPDX-License-Identifier: Apache-2.0
"""``python -m benchmarks.restarts.lives FILE``: one triggerer after the other, each as soon as the last was killed.

Importing what a triggerer needs takes longer than the lives that are wanted, so it is done once, and each life is a
fork: from there on it is ``airflow triggerer``, with a process group, a job and a forked runner of its own. The number
of that group is appended to the file. The API within a triggerer is prepared once too: its first answer takes seconds.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow.api_fastapi.execution_api.app import InProcessExecutionAPI

_PR_SET_PDEATHSIG = 1


def main(groups: Path) -> None:
    """Run triggerers until this process is killed, which kills the one that is alive."""
    import boto3  # noqa: F401 - as a trigger does at its first look
    from airflow import settings
    from airflow.api_fastapi.execution_api.app import InProcessExecutionAPI
    from airflow.cli.cli_parser import get_parser
    from airflow.jobs import triggerer_job_runner
    from airflow.providers_manager import ProvidersManager

    ProvidersManager().initialize_providers_configuration()
    api = InProcessExecutionAPI()
    asyncio.run(_ask(api))
    triggerer_job_runner.in_process_api_server = lambda: api
    settings.engine.dispose()
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


async def _ask(api: InProcessExecutionAPI) -> None:
    import httpx

    async with httpx.AsyncClient(transport=api.atransport, base_url="http://in-process.invalid") as client:
        (await client.get("/connections/s3rest_default")).raise_for_status()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
