# SPDX-License-Identifier: Apache-2.0
"""A virtual environment with the wheel in it, and the way to run programs there."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """A virtual environment with the wheel, and the Airflow version that it must hold."""

    bin: Path
    home: Path
    airflow_version: str

    def run(self, *command: str, **env: str) -> str:
        """Run a program of the environment, far from the checkout.

        :param env: more environment variables.
        :returns: its standard output.
        """
        program, *arguments = command
        result = subprocess.run(
            [self.bin / program, *arguments],
            cwd=self.home,
            env={**os.environ, "AIRFLOW_HOME": str(self.home), **env},
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, f"{command}: {result.stdout}{result.stderr}"
        return result.stdout
