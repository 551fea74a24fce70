# SPDX-License-Identifier: Apache-2.0
"""An environment with Airflow's amazon provider, which can't share ours: its aiobotocore wants an older botocore."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements" / "peer.txt"
HOME = ROOT / "build" / "peer"


def interpreter() -> str:
    """Return the Python of that environment, which is made when it is missing or its lock has changed."""
    made_of = HOME / ".lock"
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    python = HOME / "bin" / "python"
    if not made_of.is_file() or made_of.read_text() != digest:
        shutil.rmtree(HOME, ignore_errors=True)
        uv = Path(sys.executable).with_name("uv")
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, HOME], check=True)
        sync = [uv, "pip", "sync", "--quiet", "--compile-bytecode", "--python", python, "--require-hashes", LOCK]
        subprocess.run(sync, check=True)
        made_of.write_text(digest)
    return str(python)
