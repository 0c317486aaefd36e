"""Accounts: signing in, choosing a password, and who may open which page."""

from cpor_web.starting import lean_security  # noqa: F401 - before any module of this package imports Flask-Security

# isort: split
from cpor_web.accounts.signing_in import init_app

__all__ = ["init_app"]
