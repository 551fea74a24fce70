# SPDX-License-Identifier: Apache-2.0
"""Tests of the operations, and of the choice of an engine."""

from __future__ import annotations

import gc
import multiprocessing
import os
import subprocess
import sys
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_s3rest.s3.engine import UNSIGNED_BYTES
from airflow_provider_s3rest.s3.options import Write
from airflow_provider_s3rest.s3.results import BucketList, unquote_etag

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from airflow_provider_s3rest.s3 import S3

every_engine = pytest.mark.parametrize("engine", ["plain", "obstore", "boto3"])

FRESH = """
import sys
from airflow_provider_s3rest.auth.model import Credentials
from airflow_provider_s3rest.connection import AccessKeys, S3RestConnection
from airflow_provider_s3rest.s3.store import S3
class Source:
    def current(self):
        return Credentials(access_key_id="AK", secret_access_key="SK")
s3 = S3(S3RestConnection(authentication=AccessKeys(access_key_id="AK", secret_access_key="SK"),
                         endpoint_url=sys.argv[1]), Source())
s3.upsert_object("bucket", "a/key", b"data")
s3.get_object("bucket", "a/key").read()
s3.head_object("bucket", "a/key")
s3.delete_objects("bucket", ["a/key"])
print(sorted({name.partition(".")[0] for name in sys.modules} & {"airflow", "boto3", "botocore", "httpx", "obstore"}))
"""


def _by_a_thread(function: Callable[[], object]) -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(function).result()


@pytest.mark.parametrize("key", ["a/key", "a//key/"])
def test_few_requests_need_neither_boto3_nor_obstore(fake: Any, key: str) -> None:
    """A fresh process that moves objects loads none of them, nor Airflow, whatever the key."""
    fake.always(body=b"<DeleteResult><Deleted><Key>a/key</Key></Deleted></DeleteResult>")
    done = subprocess.run(
        [sys.executable, "-c", FRESH.replace("a/key", key), fake.url],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == "[]\n"
    assert len(fake.requests) == 4


def test_a_listing_needs_no_boto3(fake: Any) -> None:
    """A fresh process that lists imports neither boto3 nor botocore, nor Airflow."""
    fake.always(body=b"<ListBucketResult></ListBucketResult>")
    begin, end = FRESH.partition("s3.upsert_object")[0], FRESH[FRESH.index("print") :]
    program = f"{begin}list(s3.query_objects('bucket', 'a/'))\n{end}"
    done = subprocess.run(
        [sys.executable, "-c", program, fake.url], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "[]\n"


WORKS = {
    "put with options": "s3.upsert_object('bucket', 'a', b'1', Write.parse({'kms_key_id': 'k', 'tags': {'a': '1'}}))",
    "head for an owner": "S3(replace(s3.connection, expected_bucket_owner='1'), Source()).head_object('own', 'a')",
    "upload in parts": "s3.upsert_object('bucket', 'a', bytes(17 << 20))",
    "copy": "copy_object(at, Target(s3=s3, bucket_name='bucket', key='b'))",
    "copy with metadata": "copy_object(at, Target(s3=s3, bucket_name='b', key='b', write=Write(metadata={'a': '1'})))",
    "delete many": "s3.delete_objects('bucket', ['a', 'b'])",
    "list versions": "list(list_versions(s3, 'bucket'))",
}


@pytest.mark.parametrize("work", WORKS)
def test_the_usual_needs_no_client_of_boto3(fake: Any, work: str) -> None:
    """Whose loading would take longer than all of it."""
    answers = {"versions": b"<ListVersionsResult></ListVersionsResult>", "delete": b"<DeleteResult></DeleteResult>"}
    fake.otherwise = lambda request: fake.make_answer(
        200, next((body for part, body in answers.items() if part in request.target), b"<R><UploadId>u</UploadId></R>")
    )
    begin = FRESH.partition("s3.upsert_object")[0]
    end = "print(sorted({'boto3', 'botocore.session'} & set(sys.modules)))"
    imports = (
        "from dataclasses import replace\n"
        "from airflow_provider_s3rest.s3.copying import Source as From, Target, copy_object\n"
        "from airflow_provider_s3rest.s3.listing import list_versions\n"
        "from airflow_provider_s3rest.s3.options import Write\n"
        "at = From(s3=s3, bucket_name='bucket', key='a')\n"
    )
    program = f"{begin}{imports}{WORKS[work]}\n{end}"
    done = subprocess.run(
        [sys.executable, "-c", program, fake.url], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "[]\n"


def _all_three(s3: S3, key: str) -> None:
    s3.upsert_object("bucket", key, b"data")
    assert s3.get_object("bucket", key).read() == b"data"
    s3.head_object("bucket", key)


@pytest.mark.parametrize("key", ["a/b", "a//b", "/a", "a\n"])
def test_one_request_after_the_other_is_sent_by_what_is_ready_at_once(
    fake: Any, make_s3: Callable[..., S3], engines_of: Callable[..., list[str]], key: str
) -> None:
    """Whatever the key."""
    fake.serve(b"data")
    _all_three(make_s3(), key)
    assert set(engines_of(fake)) == {"plain"}


@pytest.mark.parametrize(("key", "engine"), [("a/b", "obstore"), ("a//b", "plain"), ("/a", "plain"), ("a\n", "plain")])
def test_the_key_chooses_the_engine_of_a_thread(
    fake: Any, make_s3: Callable[..., S3], engines_of: Callable[..., list[str]], key: str, engine: str
) -> None:
    """Callers notice nothing of it."""
    fake.serve(b"data")
    _by_a_thread(lambda: _all_three(make_s3(), key))
    assert set(engines_of(fake)) == {engine}


@pytest.mark.parametrize(("size", "engine"), [(UNSIGNED_BYTES - 1, "obstore"), (UNSIGNED_BYTES, "plain")])
def test_a_large_body_is_not_signed_over_tls(
    make_fake: Any,
    make_s3: Callable[..., S3],
    authority: tuple[Path, Path],
    engines_of: Callable[..., list[str]],
    size: int,
    engine: str,
) -> None:
    """In a thread neither, where obstore would sign it."""
    fake = make_fake(secure=True)
    s3 = make_s3(endpoint_url=fake.url, verify=str(authority[0]))
    _by_a_thread(lambda: s3.upsert_object("bucket", "key", bytes(size)))
    assert set(engines_of(fake)) == {engine}
    assert (fake.requests[0].headers["x-amz-content-sha256"] == "UNSIGNED-PAYLOAD") is (engine == "plain")
    fake.close()


@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_a_forked_child_uses_no_obstore(
    fake: Any, make_s3: Callable[..., S3], engines_of: Callable[..., list[str]]
) -> None:
    """Its threads do not survive a fork, so that the child of a process that used it must not."""
    fake.serve(b"data")
    s3 = make_s3()
    _by_a_thread(lambda: s3.head_object("bucket", "key"))
    context = multiprocessing.get_context("fork")
    receive, send = context.Pipe(duplex=False)
    fake.requests.clear()

    def read() -> None:
        _by_a_thread(lambda: send.send(s3.get_object("bucket", "key").read()))

    child = context.Process(target=read)
    child.start()
    try:
        assert receive.poll(20)
        assert receive.recv() == b"data"
    finally:
        child.kill()
        child.join()
    assert set(engines_of(fake)) == {"plain"}


@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_a_forked_child_never_frees_what_it_inherits(fake: Any, make_s3: Callable[..., S3]) -> None:
    """A thread of obstore may have held a lock when it vanished: freeing a store would then wait for ever."""
    fake.serve(b"data")
    s3 = make_s3()
    engine = weakref.ref(s3.engines.obstore)
    child = os.fork()
    if child == 0:
        s3.engines  # noqa: B018 - lets go of the parent's engines
        gc.collect()
        os._exit(0 if engine() else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_clients_are_shared(make_s3: Callable[..., S3]) -> None:
    """One for each region, with as many connections as may be in flight."""
    s3 = make_s3(max_concurrency=7)
    assert s3.client() is s3.client("bucket")
    assert s3.client().meta.config.max_pool_connections == 7
    assert s3.client().meta.region_name == "us-east-1"


def test_clients_know_the_credentials(make_s3: Callable[..., S3], make_source: Any) -> None:
    """Code that asks a client's session for its credentials gets those of the moment."""
    source = make_source(2)
    s3 = make_s3(credentials=source)
    s3.client()
    credentials = s3._engines._clients._session.get_credentials()
    source.reject(source.current())
    assert (credentials.access_key, credentials.secret_key, credentials.token) == (
        "ASIA1",
        "secret-1",
        "session-token-1",
    )
    assert credentials.method == "custom-s3rest"


def test_a_client_that_does_not_sign(fake: Any, make_s3: Callable[..., S3], sleeps: list[float]) -> None:
    """Without credentials there are none to reject, and the retries are the same."""
    from botocore import UNSIGNED

    client = make_s3().client()
    client.meta.events.register("choose-signer.s3", lambda **_: UNSIGNED)
    fake.then_error(503, "SlowDown")
    fake.then_error(400, "ExpiredToken")
    with pytest.raises(Exception, match="ExpiredToken"):
        client.list_objects_v2(Bucket="bucket")
    assert sleeps == [0.0]


@every_engine
def test_an_upsert_tells_what_was_written(fake: Any, make_s3: Callable[..., S3], engine: str) -> None:
    """Size, ETag without quotes, and version."""
    fake.always(ETag='"abc"', x_amz_version_id="v1")
    result = make_s3(engine).upsert_object("bucket", "key", "é")
    assert (result.bucket_name, result.key, result.size) == ("bucket", "key", 2)
    assert (result.etag, result.version_id) == ("abc", "v1")
    assert fake.requests[0].body == "é".encode()


@every_engine
@pytest.mark.parametrize(("given", "sent"), [(None, "application/octet-stream"), ("text/csv", "text/csv")])
def test_the_content_type(fake: Any, make_s3: Callable[..., S3], engine: str, given: str | None, sent: str) -> None:
    """Octets, unless it is said otherwise."""
    make_s3(engine).upsert_object("bucket", "key", b"", Write(content_type=given))
    assert fake.requests[0].headers["content-type"] == sent


@pytest.mark.parametrize(
    ("bucket", "key"), [("", "key"), ("s3://bucket", "key"), ("bucket", ""), ("bucket", "x" * 1025)]
)
def test_bad_arguments_reach_no_server(fake: Any, make_s3: Callable[..., S3], bucket: str, key: str) -> None:
    """Names that can't exist are refused before anything is sent, by every operation."""
    s3 = make_s3()
    for operation in (s3.get_object, s3.head_object, s3.delete_objects):
        with pytest.raises(ValueError, match=r"^(bucket_name|keys?): "):
            operation(bucket, key)
    with pytest.raises(ValueError, match=r"^(bucket_name|key): "):
        s3.upsert_object(bucket, key, b"data")
    assert not fake.requests


def test_bad_buckets_are_refused_at_the_call(make_s3: Callable[..., S3]) -> None:
    """Not only when the first object is taken."""
    with pytest.raises(ValueError, match="bucket_name"):
        make_s3().query_objects("a/b")
    with pytest.raises(ValueError, match="bucket_name"):
        make_s3().client("a/b")


def test_buckets_are_listed_to_the_end(fake: Any, make_s3: Callable[..., S3]) -> None:
    """Accounts of many buckets have several pages."""
    page = "<ListAllMyBucketsResult><Owner><ID>id</ID></Owner><Buckets><Bucket><Name>{}</Name></Bucket></Buckets>{}"
    page += "</ListAllMyBucketsResult>"
    fake.then(body=page.format("one", "<ContinuationToken>t</ContinuationToken>").encode())
    fake.then(body=page.format("two", "").encode())
    assert make_s3().list_buckets() == BucketList(names=("one", "two"), owner="id")


@pytest.mark.parametrize(
    ("raw", "etag"), [('"abc"', "abc"), ("abc", "abc"), ('W/"abc"', 'W/"abc"'), ("", None), (None, None), ('"', '"')]
)
def test_etags_lose_their_quotes(raw: str | None, etag: str | None) -> None:
    """Weak ones stay as they are."""
    assert unquote_etag(raw) == etag
