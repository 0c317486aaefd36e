"""A device that makes and uses passkeys as WebAuthn says, in software: what it is told to do wrong it does wrong."""

import base64
import hashlib
import json
import secrets
import struct
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, ATTESTED = 1, 4, 64


@dataclass
class SoftPasskey:
    """One passkey. `origin` is the address that its browser sees; `verifies` tells whether it knows its user."""

    origin: str
    host: str
    verifies: bool = True
    count: int = 1
    handle: str = ""
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def made(self, options: str) -> str:
        """Return the answer to being asked to be made."""
        asked = json.loads(options)
        self.handle = asked["user"]["id"]
        numbers = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = bytes(16) + struct.pack(">H", len(self.id)) + self.id + cbor2.dumps(public)
        said = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": self._data(ATTESTED) + attested})
        return self._answer(asked["challenge"], "webauthn.create", {"attestationObject": _text(said)})

    def proved(self, options: str) -> str:
        """Return the answer to being asked who one is."""
        asked = json.loads(options)
        self.count += 1
        data = self._data()
        client = self._client(asked["challenge"], "webauthn.get")
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        more = {"authenticatorData": _text(data), "signature": _text(signature), "userHandle": self.handle}
        return self._answer(asked["challenge"], "webauthn.get", more)

    def _data(self, flags: int = 0) -> bytes:
        flags |= PRESENT | (VERIFIED if self.verifies else 0)
        return hashlib.sha256(self.host.encode()).digest() + struct.pack(">BI", flags, self.count)

    def _client(self, challenge: str, kind: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _answer(self, challenge: str, kind: str, more: dict[str, Any]) -> str:
        response = {"clientDataJSON": _text(self._client(challenge, kind)), **more}
        return json.dumps({"id": _text(self.id), "rawId": _text(self.id), "type": "public-key", "response": response})


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
