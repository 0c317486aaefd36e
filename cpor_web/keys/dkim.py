"""The key that signs our mail (DKIM, RFC 6376), and the record that publishes its public half."""

import base64
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

SHORTEST_RSA, LONGEST_RSA = 2048, 4096  # RFC 8301 section 3.2: what signers should use and verifiers must take
LONGEST_STRING = 255  # RFC 1035 section 3.3: of a TXT record's strings


@dataclass(frozen=True)
class DkimKey:
    """A private key in the form that dkimpy takes, and `public` as its record has it."""

    algorithm: Literal["rsa-sha256", "ed25519-sha256"]
    private: bytes = field(repr=False)
    public: str

    @property
    def record(self) -> str:
        """The text to publish at <selector>._domainkey.<domain> (RFC 6376 section 3.6.1, RFC 8463 section 4)."""
        return f"v=DKIM1; k={self.algorithm.removesuffix('-sha256')}; p={self.public}"


def read(path: Path) -> DkimKey:
    """Return the private key in a PEM file, RSA of 2048 to 4096 bits or Ed25519.

    Raises ValueError with the rest of a sentence that begins with the file: "… is not there.".
    """
    try:
        if stat.S_IMODE(path.stat().st_mode) & stat.S_IRWXO:
            raise ValueError("can be read by everybody on this machine. Run: chmod o= on it")
        pem = path.read_bytes()
    except FileNotFoundError:
        raise ValueError("is not there") from None
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("is not a private key in PEM without a password") from None
    if isinstance(key, Ed25519PrivateKey):
        return _ed25519(key)
    if isinstance(key, RSAPrivateKey) and SHORTEST_RSA <= key.key_size <= LONGEST_RSA:
        return _rsa(key)
    raise ValueError(f"must be an RSA key of {SHORTEST_RSA} to {LONGEST_RSA} bits, or an Ed25519 key")


def strings(record: str) -> str:
    """Return a record's text as a zone file has it: quoted, in strings of at most 255 characters."""
    parts = [record[start : start + LONGEST_STRING] for start in range(0, len(record), LONGEST_STRING)]
    return " ".join(f'"{part}"' for part in parts)


def _rsa(key: RSAPrivateKey) -> DkimKey:
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return DkimKey("rsa-sha256", private, base64.b64encode(public).decode("ascii"))


def _ed25519(key: Ed25519PrivateKey) -> DkimKey:
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode("ascii")
    return DkimKey("ed25519-sha256", base64.b64encode(key.private_bytes_raw()), public)
