# SPDX-License-Identifier: Apache-2.0
"""Runs the shell commands of a page of the documentation, with commands of Python's among them."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
import tempfile
from contextlib import chdir
from multiprocessing.connection import Connection, Listener
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_CLIENT = """#!{python} -IS
import os, sys
from multiprocessing.connection import Client

with Client({address!r}, "AF_UNIX") as server:
    server.send([os.umask(0), os.getcwd(), os.path.basename(sys.argv[0]), *sys.argv[1:]])
    output, failure = server.recv()
print(output, end="")
sys.exit(failure)
"""
_DONE = "tell-that-the-script-is-done"


def blocks(page: str, language: str) -> list[str]:
    """The contents of a page's code blocks in some language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


class Shell:
    """A shell in some folder.

    :param commands: functions, by the names that the script calls them by, with its words as arguments; they may
        return the output. They run in this process, one after the other: starting Airflow anew for each of them would
        take minutes.
    """

    def __init__(self, folder: Path, commands: Mapping[str, Callable[..., str | None]]) -> None:
        self._folder = folder
        self._commands = commands

    def run(self, script: str) -> dict[str, str]:
        """Run a script up to its first failure, which is an error here.

        :returns: the environment at its end.
        """
        with tempfile.TemporaryDirectory(prefix="s3rest-") as place, Listener(f"{place}/socket", "AF_UNIX") as listener:
            for name in (*self._commands, _DONE):
                command = Path(place, name)
                command.write_text(_CLIENT.format(python=sys.executable, address=listener.address))
                command.chmod(stat.S_IRWXU)
            path = f"{place}{os.pathsep}{os.environ['PATH']}"
            words = ["bash", "-euo", "pipefail", "-c", f"trap {_DONE} EXIT\n{script}\nenv -0 > {place}/env"]
            with subprocess.Popen(words, cwd=self._folder, env=os.environ | {"PATH": path}) as process:
                try:
                    while self._serve(listener):
                        pass
                except BaseException:
                    process.kill()
                    raise
            assert process.returncode == 0, script
            pairs = Path(place, "env").read_text().rstrip("\0").split("\0")
        return dict(pair.partition("=")[::2] for pair in pairs)

    def _serve(self, listener: Listener) -> bool:
        """Do what one command asks for; returns whether more may come."""
        client: Connection[object, Any]
        with listener.accept() as client:
            mask, folder, name, *words = client.recv()
            output, failure = None, 0
            own_mask = os.umask(mask)
            try:
                if name != _DONE:
                    with chdir(folder):
                        output = self._commands[name](*words)
            except SystemExit as end:
                failure = end.code
            finally:
                os.umask(own_mask)
            client.send((output or "", failure))
        return name != _DONE
