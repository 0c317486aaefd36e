"""The present request, and what is kept for it, themselves: Flask looks its names for them up anew at each use."""

from typing import cast

from flask import Request, g, request
from flask.ctx import _AppCtxGlobals
from flask_babel import get_locale


def asked() -> Request:
    """Return the request."""
    return cast(Request, request._get_current_object())  # type: ignore[attr-defined]


def kept() -> _AppCtxGlobals:
    """Return Flask's `g`."""
    return cast(_AppCtxGlobals, g._get_current_object())


def spoken() -> str:
    """Return the language in which the request is answered; by what it is chosen is looked at once."""
    here = kept()
    if "spoken" not in here:
        here.spoken = str(get_locale() or "en")
    return cast(str, here.spoken)
