"""Flask-Security without Authlib and WebAuthn: whatever imports it here imports this before.

It imports both where they are installed, and goes without its parts for them where they are not. No such part is used
here: providers and passkeys are `accounts`' own, which imports the libraries once somebody uses these. What it reads
addresses with is loaded when the first is read.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any


class _Addresses(ModuleType):
    """Stands for email_validator, which makes tables of all letters when it is loaded."""

    def validate_email(self, email: str, **how: Any) -> Any:
        from email_validator import validate_email

        return validate_email(email, **how)


@contextmanager
def _instead(**modules: ModuleType | None) -> Iterator[None]:
    """Have others stand for modules that are not loaded; for None, an import says that there is no such module."""
    standing = {name: module for name, module in modules.items() if name not in sys.modules}
    sys.modules.update(standing)  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in standing:
            del sys.modules[name]


with _instead(authlib=None, webauthn=None, email_validator=_Addresses("email_validator")):
    from flask_security import Security, UserMixin

__all__ = ["Security", "UserMixin"]
