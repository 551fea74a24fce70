# SPDX-License-Identifier: Apache-2.0
"""New, changed and deleted objects as events of an asset."""

from __future__ import annotations

import asyncio
import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from airflow_provider_s3rest.hooks.s3rest import S3RestHook
from airflow_provider_s3rest.s3.watching.model import KINDS
from airflow_provider_s3rest.s3.watching.snapshots import MAX_OBJECTS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Hashable, Sequence
    from datetime import timedelta

    from airflow.triggers.shared_stream import SharedStreamProducer

    from airflow_provider_s3rest.s3.watching.terms import Terms

log = logging.getLogger(__name__)

_BAD_ARGUMENT_SECONDS = 300.0


class S3RestObjectTrigger(BaseEventTrigger):
    """Makes events of an asset of what happens to the objects below a prefix; for an ``AssetWatcher``.

    The payload of each is ``{"event", "bucket_name", "key", "version_id", "etag", "size", "last_modified",
    "event_id"}``. What is guaranteed, also across restarts, is told in docs/howto/watch.md.

    :param bucket_name: the bucket; None where ``prefix`` is an ``s3://`` URL.
    :param prefix: only objects whose keys begin so.
    :param glob: only objects whose keys match the pattern, or one of several.
    :param regex: only objects in whose keys the regular expression is found.
    :param events: what is told: any of ``new``, ``changed`` and ``deleted``.
    :param poll_interval: seconds between two looks.
    :param existing: whether objects that are there when the watch begins count as new.
    :param source: ``poll`` to list the prefix again and again; ``sqs`` to tell what the bucket notifies a queue of.
    :param queue_url: the queue of Amazon SQS, for ``source="sqs"``.
    :param max_objects: the most objects that the prefix may hold.
    :param s3rest_conn_id: the connection.
    :param region_name: the bucket's region; default: the connection's, or else discovered.
    """

    names = (
        *("bucket_name", "prefix", "glob", "regex", "events", "poll_interval", "existing", "source", "queue_url"),
        *("max_objects", "s3rest_conn_id", "region_name"),
    )

    def __init__(  # noqa: PLR0913 - one argument for each thing that can be wanted
        self,
        bucket_name: str | None = None,
        prefix: str = "",
        *,
        glob: str | Sequence[str] | None = None,
        regex: str | None = None,
        events: str | Sequence[str] = KINDS,
        poll_interval: timedelta | float = 60.0,
        existing: bool = False,
        source: str = "poll",
        queue_url: str | None = None,
        max_objects: int = MAX_OBJECTS,
        s3rest_conn_id: str = S3RestHook.default_conn_name,
        region_name: str | None = None,
        **unknown: Any,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.bucket_name = bucket_name
        self.prefix = prefix
        self.glob = glob
        self.regex = regex
        self.events = events
        self.poll_interval = poll_interval
        self.existing = existing
        self.source = source
        self.queue_url = queue_url
        self.max_objects = max_objects
        self.s3rest_conn_id = s3rest_conn_id
        self.region_name = region_name
        self._unknown = tuple(sorted(unknown))

    def terms(self) -> Terms:
        """Read what is to be watched.

        :raises ValueError: an argument can't be; it is named.
        """
        from airflow_provider_s3rest.s3.watching.terms import Terms

        if self._unknown:
            raise ValueError(
                f"{', '.join(self._unknown)}: no argument of {type(self).__name__} in this version of the provider; "
                "a newer one wrote this DAG: install that in the triggerer too"
            )
        return Terms.parse({name: getattr(self, name) for name in self.names})

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the path of the class and its arguments, for Airflow's database.

        :raises ValueError: an argument can't be. Here and not in the constructor, whose errors end the whole triggerer.
        """
        terms = self.terms()
        arguments = {name: getattr(self, name) for name in self.names} | {
            "glob": self.glob if self.glob is None or isinstance(self.glob, str) else list(self.glob),
            "events": list(terms.interest.kinds),
            "poll_interval": terms.interval,
            "existing": terms.interest.existing,
            "max_objects": terms.max_objects,
        }
        module = type(self).__module__.rpartition(".")[0]
        return f"{module}.{type(self).__name__}", arguments

    @property
    def account(self) -> tuple[str, str | None]:
        """Who watches: the connection and the region."""
        return self.s3rest_conn_id, self.region_name or None

    def shared_stream_key(self) -> Hashable:
        """Return what triggers have in common that look together."""
        terms = self.terms()
        who = type(self).__qualname__, *self.account
        if terms.queue_url:
            return (*who, terms.queue_url)
        return (*who, terms.bucket_name, terms.prefix, terms.interval, terms.max_objects)

    @classmethod
    def create_shared_stream_producer(cls, kwargs: dict[str, Any]) -> SharedStreamProducer:
        """Return what looks for all triggers that have a key in common; Airflow 3.3 and later."""
        from airflow_provider_s3rest.triggers.s3rest.queue_stream import QueueProducer
        from airflow_provider_s3rest.triggers.s3rest.stream import PollingProducer

        trigger = cls(**kwargs)
        return QueueProducer(trigger) if trigger.terms().queue_url else PollingProducer(trigger)

    async def filter_shared_stream(self, shared_stream: AsyncIterator[Any]) -> AsyncIterator[TriggerEvent]:
        """Tell what is new to this trigger's assets."""
        await load_watcher()
        from airflow_provider_s3rest.triggers.s3rest.watcher import Watcher

        terms = self.terms()
        watcher = None if terms.queue_url else Watcher(self)
        async for shown in shared_stream:
            for payload in await watcher.payloads(shown) if watcher else shown.tell(terms):
                yield TriggerEvent(payload)  # type: ignore[no-untyped-call]

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look and tell alone, as Airflow before 3.3 wants it: what is known lives as long as this trigger."""
        try:
            self.terms()
        except ValueError as error:
            # Airflow begins again at once what has failed.
            log.error("The watch can't begin: %s", error)  # noqa: TRY400 - its text says it all
            await asyncio.sleep(_BAD_ARGUMENT_SECONDS)
            raise
        await load_watcher()
        from airflow_provider_s3rest.triggers.s3rest import notified, watcher

        async for payload in notified.alone(self) if self.queue_url else watcher.alone(self):
            yield TriggerEvent(payload)  # type: ignore[no-untyped-call]


async def load_watcher() -> None:
    """Import what is needed to look, in a thread: that takes too long for an event loop."""
    await asyncio.to_thread(import_module, "airflow_provider_s3rest.triggers.s3rest.watcher")
