"""Flask-Security without Authlib and WebAuthn: whatever imports it here imports this before.

It imports both where they are installed, and goes without its parts for them where they are not. No such part is used
here: providers and passkeys are `accounts`' own, which imports the libraries once somebody uses these.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _as_if_absent(*names: str) -> Iterator[None]:
    absent = dict.fromkeys(set(names) - set(sys.modules))  # None: an import says that there is no such module
    sys.modules.update(absent)  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


with _as_if_absent("authlib", "webauthn"):
    from flask_security import Security, UserMixin

__all__ = ["Security", "UserMixin"]
