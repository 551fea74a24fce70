# SPDX-License-Identifier: Apache-2.0
"""The engine for many objects at once: obstore, for plain keys. Import it only to use it.

It takes no setting from the environment, keeps no credentials beyond those of the current request, and never retries by
itself.
"""

from __future__ import annotations

import functools
import os
import threading
import weakref
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar, cast

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from airflow_provider_s3rest.s3 import network
from airflow_provider_s3rest.s3.clock import SKEWED_CODE
from airflow_provider_s3rest.s3.engine import CHUNK_BYTES, OpenObject, Written
from airflow_provider_s3rest.s3.errors import FaultError, read_obstore_error
from airflow_provider_s3rest.s3.options.values import quote_etag
from airflow_provider_s3rest.s3.pool import interruptibly
from airflow_provider_s3rest.s3.recovery import Recovery
from airflow_provider_s3rest.s3.results import ObjectHead, unquote_etag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from obstore import GetOptions, GetResult
    from obstore.store import ClientConfig, S3Credential

    from airflow_provider_s3rest.auth.model import Credentials, CredentialSource
    from airflow_provider_s3rest.connection import S3RestConnection
    from airflow_provider_s3rest.s3.engine import Engine
    from airflow_provider_s3rest.s3.options import Read, Write
    from airflow_provider_s3rest.s3.regions import Regions
    from airflow_provider_s3rest.s3.retry import RetryPolicy

T = TypeVar("T")
P = ParamSpec("P")

_STANDARD_ATTRIBUTES = frozenset(
    {
        "Cache-Control",
        "Content-Disposition",
        "Content-Encoding",
        "Content-Language",
        "Content-Type",
        "Storage-Class",
    }
)
# A body that is read slowly may take as long as its task; the read timeout is what ends a dead connection.
_NO_TIMEOUT = timedelta(days=7)
# obstore reads its settings from the environment too. An argument overrides each of them but these two.
_UNSHIELDED = ("AWS_SERVER_SIDE_ENCRYPTION", "AWS_CHECKSUM_ALGORITHM")

# Each further call of another thread takes longer than these bytes.
_SMALL_BYTES = 256 * 1024

_started_in: list[int] = []


def usable_here() -> bool:
    """Whether this process may use obstore.

    Its threads do not survive a fork: a child of a process that has used it would wait forever.
    """
    forked = bool(_started_in) and _started_in[0] != os.getpid()
    return not forked and not any(name in os.environ for name in _UNSHIELDED)


class _SkewedError(Exception):
    """The service's clock is another than ours."""


def _by_any_clock(
    method: Callable[Concatenate[ObstoreEngine, P], T],
) -> Callable[Concatenate[ObstoreEngine, P], T]:
    """Let the other engine repeat what is refused because of the time: obstore signs by no other clock than ours."""

    @functools.wraps(method)
    def run(engine: ObstoreEngine, /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(engine, *args, **kwargs)
        except _SkewedError:
            bucket_name = cast("str", args[0])
            again: Callable[P, T] = getattr(engine.fallback(bucket_name), method.__name__)
        return again(*args, **kwargs)

    return run


class ObstoreEngine:
    """Objects by way of obstore; every key must satisfy ``sends_verbatim``. Safe for threads.

    :param fallback: gives the engine that repeats for a bucket what this one can't: everything where this machine's
        clock is wrong.
    """

    def __init__(
        self,
        connection: S3RestConnection,
        source: CredentialSource,
        regions: Regions,
        policy: RetryPolicy,
        fallback: Callable[[str], Engine],
    ) -> None:
        self._connection = connection
        self._source = source
        self._regions = regions
        self._policy = policy
        self._recovery = Recovery(source, regions)
        self.fallback = fallback
        self._trusts_clock = False
        self._lock = threading.Lock()
        self._stores: dict[tuple[str, str], tuple[Credentials, str, S3Store]] = {}
        _started_in[:] = [os.getpid()]
        _engines.add(self)

    @_by_any_clock
    def get(self, bucket_name: str, key: str, read: Read) -> OpenObject:
        """Open an object, or a range of its bytes."""
        options = _options(read)
        answer, data = self._call("GetObject", bucket_name, key, lambda store: _get(store, key, options))
        start, end = answer.range
        body = iter((data,)) if data is not None else _body(answer)
        return OpenObject(
            head=self._head(bucket_name, key, answer), body=body, close=lambda: None, start=start, end=end
        )

    @_by_any_clock
    def head(self, bucket_name: str, key: str, read: Read) -> ObjectHead:
        """Ask about an object."""
        options: GetOptions = {**_options(read), "head": True}
        answer = self._call("HeadObject", bucket_name, key, lambda store: obstore.get(store, key, options=options))
        return self._head(bucket_name, key, answer)

    @_by_any_clock
    def find(self, bucket_name: str, key: str) -> ObjectHead | None:
        """Ask about an object that may well not exist."""
        answer = self._call("HeadObject", bucket_name, key, lambda store: _find(store, key))
        return self._head(bucket_name, key, answer) if answer else None

    @_by_any_clock
    def put(self, bucket_name: str, key: str, body: bytes, write: Write) -> Written:
        """Write an object in one request."""
        described = {
            "Content-Type": write.content_type,
            "Content-Encoding": write.content_encoding,
            "Content-Language": write.content_language,
            "Content-Disposition": write.content_disposition,
            "Cache-Control": write.cache_control,
        }
        attributes = {name: value for name, value in described.items() if value} | dict(write.metadata)
        answer = self._call(
            "PutObject",
            bucket_name,
            key,
            lambda store: obstore.put(store, key, body, attributes=attributes, use_multipart=False),
        )
        return Written(
            etag=unquote_etag(answer["e_tag"]),
            version_id=answer["version"],
            region_name=self._stores[bucket_name, ""][1],
        )

    def copy(self, source_bucket_name: str, source_key: str, bucket_name: str, key: str) -> bool:
        """Have S3 copy an object of at most 5 GiB as it is; obstore does not tell what its answer says of the copy.

        :returns: False, and nothing was copied, where the other engine has to do it.
        :raises botocore.exceptions.ClientError: it was refused; the caller knows which side that is about.
        """
        try:
            self._send(
                "CopyObject", bucket_name, lambda store: obstore.copy(store, source_key, key), source_bucket_name
            )
        except _SkewedError:
            return False
        except FaultError as fault:
            error = fault.botocores("CopyObject")
        else:
            return True
        raise error

    def _head(self, bucket_name: str, key: str, answer: GetResult) -> ObjectHead:
        meta, attributes = answer.meta, answer.attributes
        return ObjectHead(
            bucket_name=bucket_name,
            key=key,
            size=meta["size"],
            etag=unquote_etag(meta["e_tag"]),
            last_modified=meta["last_modified"],
            content_type=attributes.get("Content-Type"),
            version_id=meta["version"],
            region_name=self._stores[bucket_name, ""][1],
            metadata={name: value for name, value in attributes.items() if name not in _STANDARD_ATTRIBUTES},
        )

    def _call(self, operation: str, bucket_name: str, key: str, request: Callable[[S3Store], T]) -> T:
        try:
            return self._send(operation, bucket_name, request)
        except FaultError as fault:
            error = fault.public(operation, bucket_name, key)
        raise error

    def _send(
        self, operation: str, bucket_name: str, request: Callable[[S3Store], T], source_bucket_name: str = ""
    ) -> T:
        """Send a request until it is answered well, or has failed for good.

        :raises FaultError: it has failed.
        """
        attempts = self._policy.attempts()
        while True:
            credentials = self._source.current()
            store = self._store(bucket_name, credentials, source_bucket_name)
            try:
                return interruptibly(request, store)
            except (BaseError, FileNotFoundError) as error:
                fault = read_obstore_error(error)
            # Raised out here, since obstore's own error may quote the session token.
            if self._may_be_late(fault, operation):
                raise _SkewedError
            if not self._recovery.mend(fault, attempts, bucket_name, credentials):
                fault.retries = attempts.retries
                raise fault

    def _may_be_late(self, fault: FaultError, operation: str) -> bool:
        """Whether a refusal has to do with the time: the answer to a HEAD does not tell, so one such is asked again."""
        if fault.code == "403" and operation == "HeadObject" and not self._trusts_clock:
            self._trusts_clock = True
            return True
        return fault.code == SKEWED_CODE

    def _store(self, bucket_name: str, credentials: Credentials, source_bucket_name: str) -> S3Store:
        """Return the store of a bucket; new credentials get a new one, so that no cache of its own outlives them."""
        region = self._regions.of(bucket_name)
        which = bucket_name, source_bucket_name
        with self._lock:
            known = self._stores.get(which)
            if known is None or known[:2] != (credentials, region):
                known = credentials, region, self._new_store(*which, region, credentials)
                self._stores[which] = known
            return known[2]

    def _new_store(self, bucket_name: str, source_bucket_name: str, region: str, credentials: Credentials) -> S3Store:
        url, in_host = network.bucket_url(self._connection, bucket_name, region)
        if source_bucket_name:
            # What it copies comes from the bucket that it has the name of; requests go where it is told.
            url = url if in_host else f"{url}/{bucket_name}"
        given: S3Credential = {
            "access_key_id": credentials.access_key_id,
            "secret_access_key": credentials.secret_access_key,
            "token": credentials.session_token,
            "expires_at": None,
        }
        return S3Store(
            source_bucket_name or bucket_name,
            endpoint=url,
            aws_endpoint_url_s3=url,
            region=region,
            virtual_hosted_style_request=in_host or bool(source_bucket_name),
            request_payer=self._connection.requester_pays,
            skip_signature=False,
            unsigned_payload=False,
            s3_express=False,
            disable_tagging=False,
            disable_bulk_delete=False,
            conditional_put="etag",
            copy_if_not_exists="multipart",
            client_options=self._client_options(url),
            retry_config={"max_retries": 0},
            credential_provider=lambda: given,
        )

    def _client_options(self, url: str) -> ClientConfig:
        options: ClientConfig = {
            "allow_http": url.startswith("http://"),
            "allow_invalid_certificates": False,
            "connect_timeout": timedelta(seconds=network.CONNECT_TIMEOUT_SECONDS),
            "read_timeout": timedelta(seconds=network.READ_TIMEOUT_SECONDS),
            "timeout": _NO_TIMEOUT,
            "user_agent": network.user_agent(),
        }
        if bundle := network.ca_bundle(self._connection):
            options["root_certificate"] = Path(bundle).read_bytes()
        return options


def _options(read: Read) -> GetOptions:
    given = {
        "if_match": quote_etag(read.if_match),
        "if_none_match": quote_etag(read.if_none_match),
        "if_modified_since": read.if_modified_since,
        "if_unmodified_since": read.if_unmodified_since,
        "version": read.version_id,
    }
    # obstore takes no None.
    options = cast("GetOptions", {name: value for name, value in given.items() if value is not None})
    if wanted := read.byte_range:
        if wanted.start < 0:
            options["range"] = {"suffix": -wanted.start}
        elif wanted.end is None:
            options["range"] = {"offset": wanted.start}
        else:
            options["range"] = (wanted.start, wanted.end)
    return options


def _get(store: S3Store, key: str, options: GetOptions) -> tuple[GetResult, bytes | None]:
    """Open an object; a small one is read by the same call."""
    answer = obstore.get(store, key, options=options)
    start, end = answer.range
    return answer, bytes(answer.bytes()) if end - start <= _SMALL_BYTES else None


def _find(store: S3Store, key: str) -> GetResult | None:
    try:
        return obstore.get(store, key, options={"head": True})
    except FileNotFoundError:
        # This is usual for what is waited for, and obstore makes it of a 404 alone: its long text need not be read.
        return None


def _body(answer: GetResult) -> Iterator[bytes]:
    try:
        chunks = iter(answer.stream(min_chunk_size=CHUNK_BYTES))
        while (chunk := interruptibly(_next, chunks)) is not None:
            yield bytes(chunk)
    except BaseError as error:
        fault = read_obstore_error(error)
    else:
        return
    raise fault


def _next(chunks: Iterator[T]) -> T | None:
    return next(chunks, None)


_engines: weakref.WeakSet[ObstoreEngine] = weakref.WeakSet()
_inherited: list[ObstoreEngine] = []
# Once in thousands of forks a thread of obstore holds a lock at that moment, and is gone in the child: freeing a store
# there would wait for it for ever, so a child keeps what it inherits.
os.register_at_fork(after_in_child=lambda: _inherited.extend(_engines))
