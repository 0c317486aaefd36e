"""Flask-Security without Authlib and WebAuthn: whatever imports it here imports this before.

It imports both where they are installed, and goes without its parts for them where they are not. No such part is used
here: providers and passkeys are `accounts`' own, which imports the libraries once somebody uses these. What it reads
addresses with is loaded when the first is read.
"""

from types import ModuleType
from typing import Any

from cpor_web.starting import lean_babel  # noqa: F401 - Flask-Security's forms import Babel
from cpor_web.starting.loading import instead


class _Addresses(ModuleType):
    """Stands for email_validator, which makes tables of all letters when it is loaded."""

    def validate_email(self, email: str, **how: Any) -> Any:
        from email_validator import validate_email

        return validate_email(email, **how)


with instead(authlib=None, webauthn=None, email_validator=_Addresses("email_validator")):
    from flask_security import Security, UserMixin

__all__ = ["Security", "UserMixin"]
