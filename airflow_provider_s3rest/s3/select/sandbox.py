# SPDX-License-Identifier: Apache-2.0
"""A DuckDB that can read one file and nothing else: no other file, no network, no extension, no variable of Python.

https://duckdb.org/docs/stable/operations_manual/securing_duckdb/overview
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from airflow_provider_s3rest.exceptions import S3RestError
from airflow_provider_s3rest.s3.select.sql import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

T = TypeVar("T")

THREADS = 2
_BATCH_ROWS = 512
_ADVICE = re.compile(r"\n+(?=Possible |  file = )")


def check_installed() -> None:
    """Make sure that there is a DuckDB.

    :raises ValueError: there is none.
    """
    try:
        import duckdb  # noqa: F401
    except ModuleNotFoundError:
        raise ValueError("engine: DuckDB is not installed here; install airflow-provider-s3rest[select]") from None


class Sandbox:
    """One locked database in memory. Its queries run on a thread of their own, so that a signal can end them.

    :param file: the file that it can read.
    :param folder: where it may keep what its memory can't hold.
    :param what: the object of the file, for messages.
    :param memory_limit: the most that it may take, such as ``512MB``.
    """

    def __init__(self, file: Path, folder: Path, what: str, memory_limit: str) -> None:
        import duckdb

        self._duckdb = duckdb
        self._file = file
        self._what = what
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="s3rest-select")
        self._connection = duckdb.connect(
            ":memory:",
            config={
                "memory_limit": memory_limit,
                "threads": str(THREADS),
                "temp_directory": str(folder / "spilled"),
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "allow_community_extensions": "false",
                "allow_persistent_secrets": "false",
                "python_enable_replacements": "false",
            },
        )
        for setting in (
            "enable_progress_bar = false",
            "TimeZone = 'UTC'",
            f"allowed_paths = [{quoted(file)}]",
            "enable_external_access = false",
            "lock_configuration = true",
        ):
            self._connection.execute(f"SET {setting}")

    def close(self) -> None:
        """Stop what is running, and forget everything."""
        self._connection.interrupt()
        self._executor.shutdown()
        self._connection.close()

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement of ours."""
        return self._run(lambda: self._connection.execute(statement).fetchall())

    def columns(self, select: str) -> tuple[list[str], list[str]]:
        """Return the names and the types of the columns of a SELECT, without running it.

        :raises ValueError: it is none, is more than one statement, or has a fault.
        """

        def bind() -> tuple[list[str], list[str]]:
            statements = self._connection.extract_statements(select)
            if [statement.type for statement in statements] != [self._duckdb.StatementType.SELECT]:
                raise ValueError("expression: must be one SELECT, and nothing else")
            relation = self._connection.sql(select)
            return list(relation.columns), [str(kind) for kind in relation.types]

        return self._run(bind)

    def texts(self, select: str) -> Iterator[list[str]]:
        """Run a SELECT of one column, and hand out its rows in batches."""
        self.columns(select)
        self._run(lambda: self._connection.execute(select))
        while rows := self._run(lambda: self._connection.fetchmany(_BATCH_ROWS)):
            yield [row[0] for row in rows]

    def _run(self, work: Callable[[], T]) -> T:
        running = self._executor.submit(work)
        try:
            return running.result()
        except self._duckdb.OperationalError as error:
            raise S3RestError(f"DuckDB failed on {self._what}: {self._words(error)}") from error
        except self._duckdb.Error as error:
            raise ValueError(
                f"expression: DuckDB refuses it, or the form of {self._what}: {self._words(error)}"
            ) from error
        except BaseException:
            # DuckDB hears no signal itself.
            self._connection.interrupt()
            raise

    def _words(self, error: Exception) -> str:
        # The advice and the settings after the fault are of use only to those who call DuckDB themselves.
        return _ADVICE.split(str(error))[0].replace(str(self._file), self._what)
