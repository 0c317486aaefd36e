"""How sessions and links to choose a password are signed: with SHA-256, by the newest of the secret keys."""

import hashlib

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer

from cpor_web.extensions import security


def init_app(app: Flask) -> None:
    """Sign so, in the place of what Flask and Flask-Security (which must be set up) do by themselves."""
    app.session_interface = _Sessions()
    oldest_first = [*reversed(app.config["SECRET_KEY_FALLBACKS"]), app.config["SECRET_KEY"]]
    security.reset_serializer = URLSafeTimedSerializer(
        oldest_first,
        salt=app.config["SECURITY_RESET_SALT"],
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    )


class _Sessions(SecureCookieSessionInterface):
    digest_method = staticmethod(hashlib.sha256)
