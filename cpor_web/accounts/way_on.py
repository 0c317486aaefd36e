"""Where to go on to after signing in: an address that a browser tells, so anybody's. It must be a path of ours."""

import re
from urllib.parse import urlsplit

from flask import Flask, abort, request

_OURS = re.compile(r"/(?![/\\])[!-\[\]-~]*")  # no blank, no backslash, no second slash: no browser leaves by it

FLASK_SECURITY = "security"
"""The blueprint whose views read `next` themselves."""


def init_app(app: Flask) -> None:
    """Refuse, before Flask-Security reads it, an address that it would stumble over."""
    app.before_request(_refuse_unreadable)


def within(address: str | None) -> str:
    """Return an address if it is a path of this site; else nothing, which leads to one's start page."""
    return address if address and _OURS.fullmatch(address) else ""


def _refuse_unreadable() -> None:
    if request.blueprint == FLASK_SECURITY and not all(map(_can_be_read, request.values.getlist("next"))):
        abort(400)


def _can_be_read(address: str) -> bool:
    try:
        urlsplit(address), urlsplit(address.replace("\\", "/"))
    except ValueError:  # such as http://[
        return False
    return True
