# SPDX-License-Identifier: Apache-2.0
"""PEM as people paste it: with CRLF, on one line, with escaped line breaks, with text around it.

Follows the lax grammar of RFC 7468 (https://www.rfc-editor.org/rfc/rfc7468#section-3), and for the two headers of an
encrypted traditional key RFC 1421. Nothing here needs the cryptography library, so that a cached entry can be found
without it.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field

# In this form hostile text costs linear time. Possessive quantifiers, which would say it more simply, miss matches in
# Python before 3.11.5.
_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----([^-]*(?:-(?!----)[^-]*)*)-----END \1-----")
_BOUNDARY = re.compile(r"-----(BEGIN|END) ([A-Z0-9 ]+)-----")
# 0x30, with which all DER of interest begins, is M and one of A to P.
_BASE64_OF_DER = r"\s*M[A-P][A-Za-z0-9+/=\s]{20,}"
_ESCAPED_LINE_BREAK = re.compile(r"(?<!\\)\\+[rn]")
_ENCRYPTION = re.compile(r"\s*Proc-Type:\s*4,ENCRYPTED\s+DEK-Info:\s*([A-Z0-9-]+,[0-9A-Fa-f]+)\s+")
_LINE = 64
# Only these are ever repeated in an error: any other label is a text of whoever wrote it.
_LABELS = frozenset(
    {"CERTIFICATE", "TRUSTED CERTIFICATE", "X509 CERTIFICATE", "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"}
    | {"PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY"}
    | {"PUBLIC KEY", "RSA PUBLIC KEY", "EC PARAMETERS", "DH PARAMETERS", "X509 CRL", "PKCS7"}
)

MISPLACED_KEY = (
    "holds a private key: this field is not kept secret, so move the key to private_key and think of "
    "whether somebody may have seen it"
)
_CONVERT_CERTIFICATE = "openssl x509 -inform DER -in FILE -out FILE.pem"
_CONVERT_KEY = "openssl pkcs8 -topk8 -inform DER -in FILE -out FILE.pem"


class PemError(ValueError):
    """What is wrong with a text that should be PEM, without a word of the text itself."""


@dataclass(frozen=True, slots=True)
class PemBlock:
    """One block of a PEM text.

    :param label: what stands after BEGIN, such as ``CERTIFICATE``.
    :param der: the decoded body.
    :param encryption: the value of ``DEK-Info`` of an encrypted traditional key; empty otherwise.
    """

    label: str
    der: bytes = field(repr=False)
    encryption: str = ""

    @property
    def encrypted(self) -> bool:
        """Whether a passphrase is needed to read the body."""
        return bool(self.encryption) or self.label == "ENCRYPTED PRIVATE KEY"

    def __str__(self) -> str:
        body = base64.b64encode(self.der).decode()
        lines = [body[at : at + _LINE] for at in range(0, len(body), _LINE)]
        if self.encryption:
            lines = ["Proc-Type: 4,ENCRYPTED", f"DEK-Info: {self.encryption}", "", *lines]
        return "\n".join([f"-----BEGIN {self.label}-----", *lines, f"-----END {self.label}-----", ""])


def certificates(text: str) -> list[PemBlock]:
    """The certificates of a text, in its order, at least one.

    :raises PemError: there is none, or the text holds something else or is damaged.
    """
    blocks = _blocks(text, _CONVERT_CERTIFICATE)
    for block in blocks:
        if block.label.endswith("PRIVATE KEY"):
            raise PemError(MISPLACED_KEY)
        if block.label != "CERTIFICATE":
            raise PemError(f"holds {_name(block.label)}, not a CERTIFICATE")
    return blocks


def private_key(text: str) -> PemBlock:
    """The only private key of a text.

    :raises PemError: there is none or more than one, or the text holds something else or is damaged.
    """
    # `openssl ecparam -genkey` writes the curve in a block of its own before the key, which names it too.
    blocks = [block for block in _blocks(text, _CONVERT_KEY) if block.label != "EC PARAMETERS"]
    for block in blocks:
        if block.label == "OPENSSH PRIVATE KEY":
            raise PemError("holds a key in OpenSSH's format: convert a copy with `ssh-keygen -p -m PEM -f FILE`")
        if block.label == "CERTIFICATE":
            raise PemError("holds a certificate: move it to certificate, and paste only the private key here")
        if not block.label.endswith("PRIVATE KEY"):
            raise PemError(f"holds {_name(block.label)}, not a private key")
    if len(blocks) != 1:
        raise PemError(f"must hold one private key, but holds {len(blocks)}")
    return blocks[0]


def _blocks(text: str, convert: str) -> list[PemBlock]:
    text = _ESCAPED_LINE_BREAK.sub("\n", text)
    blocks = [_block(label, body) for label, body in _BLOCK.findall(text)]
    alone = _BOUNDARY.search(_BLOCK.sub("", text))
    if alone:
        other = "END" if alone[1] == "BEGIN" else "BEGIN"
        label = f" {alone[2]}" if alone[2] in _LABELS else ""
        raise PemError(f"has no -----{other}{label}----- line: paste the whole file, first line to last")
    if blocks:
        return blocks
    if re.fullmatch(_BASE64_OF_DER, text):
        raise PemError(f"lacks its BEGIN and END lines: paste the whole PEM file; make one of DER with `{convert}`")
    if text.startswith("0") and not (text[:4].isascii() and text[:4].isprintable()):
        raise PemError(f"is DER, not PEM: convert the file with `{convert}` and paste all of the result")
    raise PemError("is not PEM: paste the whole file, from its -----BEGIN line to its -----END line")


def _block(label: str, body: str) -> PemBlock:
    encryption = _ENCRYPTION.match(body)
    if encryption:
        body = body[encryption.end() :]
    try:
        der = base64.b64decode("".join(body.split()), validate=True)
    except ValueError:
        der = b""
    if not der:
        raise PemError(f"is damaged: the body of {_name(label)} is not base64; copy it again")
    return PemBlock(label, der, encryption[1] if encryption else "")


def _name(label: str) -> str:
    return f"a block {label}" if label in _LABELS else "a block of another kind"
