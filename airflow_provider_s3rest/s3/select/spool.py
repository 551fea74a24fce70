# SPDX-License-Identifier: Apache-2.0
"""A copy of an object on the disk of this machine, decompressed."""

from __future__ import annotations

import bz2
import gzip
import importlib
import shutil
import sys
import zlib
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_CHUNK_BYTES = 1024 * 1024


def decompressed(path: Path, compression: str) -> Path:
    """Return the file that a compressed one holds, and remove the compressed one.

    :raises ValueError: it is not compressed so, or not whole.
    """
    if compression == "none":
        return path
    target = path.with_suffix(".plain")
    broken: tuple[type[Exception], ...] = (EOFError, zlib.error, OSError)
    if compression == "zstd":
        broken = (*broken, _zstd().ZstdError)
    try:
        with _open(path, compression) as source, target.open("xb") as file:
            shutil.copyfileobj(source, file, _CHUNK_BYTES)
    except broken as error:
        # Those with a number are the system's, such as a full disk.
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise ValueError(f"compression: the object is no whole {compression} file ({error})") from error
    path.unlink()
    return target


def _open(path: Path, compression: str) -> IO[bytes]:
    module: Any = {"gzip": gzip, "bzip2": bz2}.get(compression) or _zstd()
    opened: IO[bytes] = module.open(path)
    return opened


def _zstd() -> Any:
    name = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        raise ValueError(
            "compression: zstd needs backports.zstd, which is not installed here; install "
            "airflow-provider-s3rest[select]"
        ) from None
