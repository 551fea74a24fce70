# SPDX-License-Identifier: Apache-2.0
"""PEM as people paste it, and what is said when it can't be read."""

from __future__ import annotations

import base64
from operator import attrgetter
from typing import TYPE_CHECKING

import pytest

from airflow_provider_s3rest.connection.pem import PemBlock, certificates, private_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.connection.conftest import Sample

NO_PEM = "is not PEM: paste the whole file, from its -----BEGIN line to its -----END line"
LEAKED_KEY = (
    "holds a private key: this field is not kept secret, so move the key to private_key and think of whether "
    "somebody may have seen it"
)
CERTIFICATE_OF_DER = "openssl x509 -inform DER -in FILE -out FILE.pem"
KEY_OF_DER = "openssl pkcs8 -topk8 -inform DER -in FILE -out FILE.pem"

PASTES: dict[str, Callable[[str], str]] = {
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "CR": lambda text: text.replace("\n", "\r"),
    "one line with spaces": lambda text: text.replace("\n", " "),
    "one line without spaces": lambda text: text.replace("\n", ""),
    "literal \\n": lambda text: text.replace("\n", "\\n"),
    "literal \\r\\n": lambda text: text.replace("\n", "\\r\\n"),
    "literal \\\\n": lambda text: text.replace("\n", "\\\\n"),
    "indented": lambda text: "    " + text.replace("\n", "\n    "),
    "blank lines": lambda text: text.replace("\n", "\n\n"),
    "no line break at the end": str.rstrip,
    "text around it": lambda text: f"Bag Attributes\n  friendlyName: x\n{text}\nsubject=CN = x\n",
    "byte order mark": lambda text: f"\ufeff{text}",
    "quoted": lambda text: f'"{text}"',
}


@pytest.mark.parametrize("paste", PASTES)
@pytest.mark.parametrize("name", ["certificate", "private_key"])
def test_pasted_pem_is_written_anew(roles_anywhere: Sample, name: str, paste: str) -> None:
    """However it was pasted, a PEM becomes the same lines of 64 characters."""
    text = str(roles_anywhere.fields[name])
    settings = (roles_anywhere | {name: PASTES[paste](text)}).parse()
    assert attrgetter(f"authentication.{name}")(settings) == text


@pytest.mark.parametrize("paste", [paste for paste in PASTES if paste != "one line without spaces"])
def test_a_pasted_encrypted_key_keeps_its_headers(pem: dict[str, str], paste: str) -> None:
    """The two headers of an encrypted traditional key stay, however it was pasted."""
    block = private_key(PASTES[paste](pem["encrypted"]))
    assert (str(block), block.encrypted) == (pem["encrypted"], True)


def test_certificates_keep_their_order(pem: dict[str, str]) -> None:
    """All certificates of a text are kept, leaf first."""
    text = pem["CERTIFICATE"] + pem["intermediate"]
    assert "".join(str(block) for block in certificates(text.replace("\n", " "))) == text


@pytest.mark.parametrize("label", ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY"])
def test_private_keys(pem: dict[str, str], label: str) -> None:
    """All of the common kinds of key are taken; one of them is known to be encrypted."""
    block = private_key(pem[label])
    assert (block.label, block.encrypted) == (label, label == "ENCRYPTED PRIVATE KEY")


def test_a_key_behind_its_curve(pem: dict[str, str]) -> None:
    """The block of curve parameters that openssl writes before a key is passed over."""
    assert str(private_key(pem["EC PARAMETERS"] + pem["EC PRIVATE KEY"])) == pem["EC PRIVATE KEY"]


def test_a_block_hides_its_body() -> None:
    """A block can be printed without its body."""
    assert repr(PemBlock("PRIVATE KEY", b"secret")) == "PemBlock(label='PRIVATE KEY', encryption='')"


def _der(text: str) -> bytes:
    return base64.b64decode("".join(text.splitlines()[1:-1]))


# Field, how the sound text is spoilt, and what is said of it.
DAMAGE: list[tuple[str, Callable[[dict[str, str]], str], str]] = [
    (
        "certificate",
        lambda pem: pem["PRIVATE KEY"],
        LEAKED_KEY,
    ),
    (
        "certificate",
        lambda pem: pem["CERTIFICATE"] + pem["encrypted"],
        LEAKED_KEY,
    ),
    ("certificate", lambda pem: pem["PUBLIC KEY"], "holds a block PUBLIC KEY, not a CERTIFICATE"),
    (
        "certificate",
        lambda pem: pem["PUBLIC KEY"].replace("PUBLIC KEY", "HUNTER2"),
        "holds a block of another kind, not a CERTIFICATE",
    ),
    (
        "certificate",
        lambda pem: pem["CERTIFICATE"].replace("-----END CERTIFICATE-----", ""),
        "has no -----END CERTIFICATE----- line: paste the whole file, first line to last",
    ),
    (
        "certificate",
        lambda pem: pem["CERTIFICATE"].replace("-----END CERTIFICATE-----", "") + pem["intermediate"],
        "has no -----END CERTIFICATE----- line: paste the whole file, first line to last",
    ),
    (
        "certificate",
        lambda pem: pem["CERTIFICATE"].replace("-----BEGIN CERTIFICATE-----", ""),
        "has no -----BEGIN CERTIFICATE----- line: paste the whole file, first line to last",
    ),
    (
        "certificate",
        lambda pem: pem["CERTIFICATE"].replace("END CERTIFICATE", "END PRIVATE KEY"),
        "has no -----END CERTIFICATE----- line: paste the whole file, first line to last",
    ),
    (
        "certificate",
        lambda _: "-----BEGIN HUNTER2-----",
        "has no -----END----- line: paste the whole file, first line to last",
    ),
    (
        "certificate",
        lambda pem: _der(pem["CERTIFICATE"]).decode("latin-1"),
        f"is DER, not PEM: convert the file with `{CERTIFICATE_OF_DER}` and paste all of the result",
    ),
    (
        "certificate",
        lambda pem: _der(pem["CERTIFICATE"]).decode(errors="replace"),
        f"is DER, not PEM: convert the file with `{CERTIFICATE_OF_DER}` and paste all of the result",
    ),
    (
        "certificate",
        lambda pem: base64.b64encode(_der(pem["CERTIFICATE"])).decode(),
        f"lacks its BEGIN and END lines: paste the whole PEM file; make one of DER with `{CERTIFICATE_OF_DER}`",
    ),
    ("certificate", lambda _: "Mine, and nobody else's", NO_PEM),
    ("certificate_chain", lambda _: "certificate.pem", NO_PEM),
    (
        "certificate",
        lambda pem: pem["CERTIFICATE"].replace("CERTIFICATE-----\nM", "CERTIFICATE-----\n!"),
        "is damaged: the body of a block CERTIFICATE is not base64; copy it again",
    ),
    (
        "certificate",
        lambda _: "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----",
        "is damaged: the body of a block CERTIFICATE is not base64; copy it again",
    ),
    (
        "certificate_chain",
        lambda pem: pem["PRIVATE KEY"],
        LEAKED_KEY,
    ),
    (
        "private_key",
        lambda pem: pem["CERTIFICATE"],
        "holds a certificate: move it to certificate, and paste only the private key here",
    ),
    (
        "private_key",
        lambda pem: pem["CERTIFICATE"] + pem["PRIVATE KEY"],
        "holds a certificate: move it to certificate, and paste only the private key here",
    ),
    ("private_key", lambda pem: pem["PUBLIC KEY"], "holds a block PUBLIC KEY, not a private key"),
    (
        "private_key",
        lambda pem: pem["OPENSSH PRIVATE KEY"],
        "holds a key in OpenSSH's format: convert a copy with `ssh-keygen -p -m PEM -f FILE`",
    ),
    ("private_key", lambda pem: pem["PRIVATE KEY"] * 2, "must hold one private key, but holds 2"),
    ("private_key", lambda pem: pem["EC PARAMETERS"], "must hold one private key, but holds 0"),
    (
        "private_key",
        lambda pem: pem["PRIVATE KEY"].replace("-----END PRIVATE KEY-----", "-----END PRIVATE KEY---"),
        "has no -----END PRIVATE KEY----- line: paste the whole file, first line to last",
    ),
    (
        "private_key",
        lambda pem: _der(pem["PRIVATE KEY"]).decode("latin-1"),
        f"is DER, not PEM: convert the file with `{KEY_OF_DER}` and paste all of the result",
    ),
    (
        "private_key",
        lambda pem: pem["encrypted"].replace("DEK-Info", "DEK"),
        "is damaged: the body of a block RSA PRIVATE KEY is not base64; copy it again",
    ),
]


@pytest.mark.parametrize(("name", "spoil", "problem"), DAMAGE)
def test_a_bad_pem_has_its_own_message(
    roles_anywhere: Sample, pem: dict[str, str], name: str, spoil: Callable[[dict[str, str]], str], problem: str
) -> None:
    """A PEM that can't be read is told what is wrong with it."""
    assert (roles_anywhere | {name: spoil(pem)}).faults() == {name: problem}


@pytest.mark.parametrize(("name", "spoil", "problem"), DAMAGE)
def test_a_bad_pem_is_not_echoed(
    roles_anywhere: Sample, pem: dict[str, str], name: str, spoil: Callable[[dict[str, str]], str], problem: str
) -> None:
    """No line of a PEM stands in the error."""
    text = spoil(pem)
    error = str((roles_anywhere | {name: text}).error())
    assert problem in error
    assert not [line for line in text.splitlines() if len(line) > 7 and "-----" not in line and line in error]
    assert "HUNTER2" not in error


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN A-----" * 3_800,
        "-----BEGIN " * 5_900,
        "-----BEGIN A-----" + "-" * 65_000,
        "-----BEGIN A-----" + "- " * 32_000,
        "-----BEGIN " + "A" * 65_000,
        "-----BEGIN A-----Proc-Type: 4,ENCRYPTED" + " " * 65_000 + "-----END A-----",
        "-" * 65_536,
        "M" * 65_535 + "!",
        "\\" * 65_536,
        " \n" * 32_000 + "x",
    ],
    ids=lambda text: text[:20],
)
def test_hostile_pem_takes_little_time(roles_anywhere: Sample, text: str) -> None:
    """Text made to make a parser slow is refused at once."""
    assert list((roles_anywhere | {"private_key": text, "certificate": text}).faults()) == [
        "private_key",
        "certificate",
    ]
