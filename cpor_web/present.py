"""The present request, and what is kept for it, themselves: Flask looks its names for them up anew at each use."""

from typing import cast

from flask import Request, g, request
from flask.ctx import _AppCtxGlobals


def asked() -> Request:
    """Return the request."""
    return cast(Request, request._get_current_object())  # type: ignore[attr-defined]


def kept() -> _AppCtxGlobals:
    """Return Flask's `g`."""
    return cast(_AppCtxGlobals, g._get_current_object())
