"""One's deadlines as a calendar to subscribe to. Calendars cannot sign in, so the address itself is the key.

It carries the user's id and the number of the address, signed: the database holds no address that works, and a new
number ends the former one. Whose account is not active has none.
"""

import hashlib

from flask import Response, abort, current_app
from flask_babel import gettext as _
from itsdangerous import BadSignature, URLSafeSerializer

from cpor_web.accounts.blueprint import bp
from cpor_web.claims.deadlines import deadlines_of
from cpor_web.extensions import db
from cpor_web.models import User
from cpor_web.web import calendar_files
from cpor_web.web.current import now, settings
from cpor_web.web.languages import speak

ENDPOINT = "accounts.calendar_feed"


@bp.get("/calendar/<token>.ics")
def calendar_feed(token: str) -> Response:
    """Give the running deadlines of whose address this is, in their language."""
    reader = _reader(token) or abort(404)
    speak(reader.language)
    found = deadlines_of(db.session(), reader.actor, now=now())
    return calendar_files.answer(found, role=reader.role, name=_("Deadlines of %(name)s", name=reader.name))


def address_of(user: User) -> str:
    """Return where the calendar of `user` is, "" where they have none. Needs an app, not a request."""
    if not user.calendar_number:
        return ""
    token = _signer().dumps([user.id, user.calendar_number])
    path = current_app.url_map.bind("").build(ENDPOINT, {"token": token})
    return settings().public_url + path


def renew(user: User) -> None:
    """Give the calendar of `user` an address, and end the former one."""
    user.calendar_number += 1


def _reader(token: str) -> User | None:
    try:
        user_id, number = _signer().loads(token)
    except (BadSignature, TypeError, ValueError):
        return None
    user = db.session.get(User, user_id)
    return user if user is not None and user.active and user.calendar_number == number else None


def _signer() -> URLSafeSerializer:
    oldest_first = settings().secret_keys[::-1]
    how = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
    return URLSafeSerializer(list(oldest_first), salt="calendar-feed", signer_kwargs=how)
