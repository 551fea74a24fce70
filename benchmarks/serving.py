# SPDX-License-Identifier: Apache-2.0
"""Servers in processes of their own, so that they take no time from what is measured."""

from __future__ import annotations

import contextlib
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextlib.contextmanager
def serving(serve: Callable[..., None], *arguments: object) -> Iterator[Any]:
    """Run a server until the block ends.

    :param serve: sends its address by the connection that is its first argument, and serves until it is killed.
    :returns: the address.
    """
    context = get_context("spawn")
    receive, send = context.Pipe(duplex=False)
    server = context.Process(target=serve, args=(send, *arguments), daemon=True)
    server.start()
    send.close()
    try:
        yield receive.recv()
    finally:
        server.kill()
        server.join()
