"""How sessions and links to choose a password are signed: with SHA-256, by the newest of the secret keys."""

import hashlib
from typing import Any

from flask import Flask
from itsdangerous import URLSafeTimedSerializer

from cpor_web.extensions import security
from cpor_web.web.unasked import Sessions

_SHA256: dict[str, Any] = {"key_derivation": "hmac", "digest_method": hashlib.sha256}

# What the version before has signed, with SHA-1: read for one release more, so that an upgrade signs nobody out.
_SESSIONS_BEFORE: dict[str, Any] = {"key_derivation": "hmac", "digest_method": hashlib.sha1}
_LINKS_BEFORE: dict[str, Any] = {"key_derivation": "django-concat", "digest_method": hashlib.sha1}


def init_app(app: Flask) -> None:
    """Sign so, in the place of what Flask and Flask-Security (which must be set up) do by themselves."""
    app.session_interface = _Sessions()
    oldest_first = [*reversed(app.config["SECRET_KEY_FALLBACKS"]), app.config["SECRET_KEY"]]
    security.reset_serializer = URLSafeTimedSerializer(
        oldest_first,
        salt=app.config["SECURITY_RESET_SALT"],
        signer_kwargs=_SHA256,
        fallback_signers=[_LINKS_BEFORE],
    )


class _Sessions(Sessions):
    digest_method = staticmethod(hashlib.sha256)

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        serializer = super().get_signing_serializer(app)
        if serializer is not None:
            serializer.fallback_signers = [_SESSIONS_BEFORE]
        return serializer
