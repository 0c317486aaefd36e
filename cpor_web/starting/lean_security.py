"""Flask-Security without Authlib and WebAuthn: whatever imports it here imports this before.

It imports both where they are installed, and goes without its parts for them where they are not. No such part is used
here: providers and passkeys are `accounts`' own, which imports the libraries once somebody uses these.
"""

from cpor_web.starting.loading import without

with without("authlib", "webauthn"):
    from flask_security import Security, UserMixin

__all__ = ["Security", "UserMixin"]
