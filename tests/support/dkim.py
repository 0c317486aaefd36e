"""Keys that sign mail, and a DNS for dkimpy that knows their records."""

from collections.abc import Callable, Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

PrivateKey = RSAPrivateKey | Ed25519PrivateKey | EllipticCurvePrivateKey


def write_key(folder: Path, key: PrivateKey | None = None, mode: int = 0o600) -> Path:
    """Write a private key (Ed25519 where none is given) as PEM into the folder, and return the file."""
    key = key or Ed25519PrivateKey.generate()
    file = folder / "dkim.pem"
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    file.chmod(mode)
    return file


def rsa(bits: int) -> RSAPrivateKey:
    return generate_private_key(65537, bits)


def dns_of(records: Mapping[str, str]) -> Callable[..., bytes | None]:
    """Return what dkimpy asks for a TXT record."""

    def txt(name: bytes, timeout: float = 5) -> bytes | None:
        record = records.get(name.decode("ascii").rstrip("."))
        return record.encode("ascii") if record else None

    return txt
