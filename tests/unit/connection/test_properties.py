# SPDX-License-Identifier: Apache-2.0
"""What holds for any connection whatever: one kind of error, no leak, the same from typed values and from text."""

from __future__ import annotations

import base64
import json
import pickle
import textwrap
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_s3rest.connection import S3RestConnection
from airflow_provider_s3rest.connection.fields import FIELDS
from airflow_provider_s3rest.connection.pem import PemBlock, certificates, private_key
from airflow_provider_s3rest.exceptions import S3RestConnectionError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.unit.connection.conftest import Sample

STANDARD = ("host", "port", "login", "password")
# Places in which a parser might pick a secret up, and so repeat it.
DISGUISES = [
    *("{}", "***{}", " {} \n", "https://{}", "https://{}@host", "https://host/{}", "https://host:{}", "http://[{}]"),
    *("arn:aws:iam::123456789012:role/{} {}", "arn:aws:{}:us-east-1:123456789012:profile/p", "MII{}", "0\x82{}"),
    *("-----BEGIN {}-----", "-----END {}-----", "-----BEGIN {0}-----AAAA-----END {0}-----"),
    *("-----BEGIN PRIVATE KEY-----{}!-----END PRIVATE KEY-----", "-----BEGIN CERTIFICATE-----{}"),
    *("-----BEGIN RSA PRIVATE KEY-----Proc-Type: 4,ENCRYPTED DEK-Info: {},00 AAAA-----END RSA PRIVATE KEY-----",),
    *("[{}]", "0,{}", "{}.0", '"{}"', "{{{}}}"),
]

# Busy machines are slow; what may take long has a timeout of its own.
unhurried = settings(deadline=None)

disguises = st.sampled_from(DISGUISES)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["roles_anywhere", "access_keys", "true", "***", "-----BEGIN CERTIFICATE-----", 10**400])
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
)
anything = st.dictionaries(st.sampled_from(FIELDS), values, max_size=5)
secrets = st.text("ABCDEFGHJKQXZ0123456789", min_size=8, max_size=24).filter(str.isalnum)


def _parse(fields: Mapping[str, object], extra: object) -> S3RestConnection:
    standard = {name: fields.get(name) for name in STANDARD}
    return S3RestConnection.parse(conn_id="c", **standard, extra=extra)  # type: ignore[arg-type]


def _error(fields: Mapping[str, object], extra: object) -> S3RestConnectionError | None:
    try:
        _parse(fields, extra)
    except S3RestConnectionError as error:
        return error
    return None


def _outcome(fields: Mapping[str, object], extra: object) -> S3RestConnection | tuple[str, ...]:
    """The connection, or the names of its bad fields."""
    error = _error(fields, extra)
    return error.fields if error else _parse(fields, extra)


@unhurried
@given(fields=anything, extra=values)
def test_any_value_parses_or_is_a_connection_error(fields: dict[str, object], extra: object) -> None:
    """Any JSON value in any field either parses or makes the one error, which names each bad field once."""
    for extras in (fields, extra):
        error = _error(fields, extras)
        assert error is None or (error.fields and len(error.fields) == len(set(error.fields)))


@unhurried
@given(text=st.text() | st.text('{}[]",:0eE-\\u'))
def test_any_extra_text_parses_or_is_a_connection_error(text: str) -> None:
    """Any text in place of the extras either parses or makes the one error."""
    _outcome({}, text)


@unhurried
@given(fields=anything)
def test_json_and_mapping_agree(fields: dict[str, object]) -> None:
    """Extras read alike from a mapping and from its JSON."""
    assert _outcome(fields, fields) == _outcome(fields, json.dumps(fields))


@unhurried
@given(data=st.data(), secret=secrets, kind=st.sampled_from(["access_keys", "roles_anywhere"]))
def test_no_value_is_ever_echoed(samples: dict[str, Sample], data: st.DataObject, secret: str, kind: str) -> None:
    """A secret in any disguise, in any fields, is in no form of the error and in nothing that hangs on it."""
    names = data.draw(st.lists(st.sampled_from(FIELDS), min_size=1, unique=True))
    changes = {name: data.draw(disguises).format(secret, secret) for name in names}
    fields = samples[kind].fields | changes
    for extra in (fields, json.dumps(fields), json.dumps(fields)[:-1]):
        error = _error(fields, extra)
        if error:
            shown = f"{error} {error!r} {error.args} {vars(error)}".encode() + pickle.dumps(error)
            assert secret.encode() not in shown
            assert (error.__cause__, error.__context__) == (None, None)


typed = st.fixed_dictionaries(
    {},
    optional={
        "port": st.integers(0, 65_535),
        "host": st.sampled_from(["", "minio", "http://minio", "::1"]),
        "region_name": st.sampled_from(["", "eu-west-1"]),
        "addressing_style": st.sampled_from(["auto", "path", "virtual"]),
        "verify": st.just(value=True),
        "requester_pays": st.booleans(),
        "expected_bucket_owner": st.integers(10**11, 10**12 - 1),
        "retry_delays_seconds": st.lists(st.floats(0, 3600) | st.integers(0, 3600), max_size=20) | st.integers(0, 9),
        "max_concurrency": st.integers(1, 256) | st.integers(1, 256).map(float),
        "session_name": st.integers(10, 10**9) | st.text("abc_+=,.@-", min_size=2, max_size=64),
        "duration_seconds": st.integers(900, 3600) | st.integers(900, 3600).map(float),
    },
)


@unhurried
@given(fields=typed, kind=st.sampled_from(["access_keys", "roles_anywhere"]))
def test_typed_values_and_text_agree(samples: dict[str, Sample], fields: dict[str, object], kind: str) -> None:
    """A connection is the same whether its values are typed or, as in a URI, all text."""
    sample = samples[kind] | fields
    assert sample.parse() == (sample | {name: str(value) for name, value in fields.items()}).parse()


bodies = st.binary(min_size=1, max_size=300)
line_breaks = st.sampled_from(["\n", "\r\n", "\r", " ", "\t", "\\n", "\\r\\n", "\n\n", " \n"])


@unhurried
@given(der=bodies, width=st.integers(1, 200), line_break=line_breaks, indentation=st.text(" \t", max_size=4))
def test_any_wrapping_gives_the_same_block(der: bytes, width: int, line_break: str, indentation: str) -> None:
    """However a PEM is wrapped, indented and ended, its block and its normal form are the same."""
    body = textwrap.wrap(base64.b64encode(der).decode(), width)
    for label, read in (("CERTIFICATE", lambda text: certificates(text)[0]), ("PRIVATE KEY", private_key)):
        lines = [f"-----BEGIN {label}-----", *body, f"-----END {label}-----"]
        block = read(line_break.join(indentation + line for line in lines))
        assert block == PemBlock(label, der)
        assert read(str(block)) == block
        assert all(len(line) <= 64 for line in str(block).splitlines())


@unhurried
@given(text=st.text() | st.text("-BEGIND PRVATKYC\n\\rnM0="))
def test_any_text_is_pem_or_a_pem_error(samples: dict[str, Sample], text: str) -> None:
    """Any text in the PEM fields either parses or is a fault of one of them."""
    fields = {"certificate": text, "certificate_chain": text, "private_key": text}
    outcome = _outcome(*[(samples["roles_anywhere"] | fields).fields] * 2)
    assert isinstance(outcome, tuple)
    assert set(outcome) <= set(fields)
