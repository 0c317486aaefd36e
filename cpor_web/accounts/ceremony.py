"""What a passkey's question and answer need of the present request: the site, and the challenge in the session."""

import secrets
from datetime import UTC, datetime, timedelta

from flask import session
from flask_wtf import FlaskForm
from wtforms import HiddenField

from cpor_web.users.passkeys import Asked, Site
from cpor_web.web.current import now, programme_as_set_up, settings

LASTS = timedelta(minutes=10)
CHALLENGE_BYTES = 32

_CHALLENGE = "passkey_challenge"


class PasskeyForm(FlaskForm):
    """What the browser has to say, filled in by `passkeys.js`."""

    answer = HiddenField()


def this_site() -> Site | None:
    """Return what passkeys are for here: CPOR_PUBLIC_URL, whatever a request's Host says."""
    return Site.at(settings().public_url, programme_as_set_up().name)


def new_challenge() -> bytes:
    """Return a challenge, and keep it in the session for the answer. It replaces any former one."""
    challenge = secrets.token_bytes(CHALLENGE_BYTES)
    session[_CHALLENGE] = [challenge.hex(), now().timestamp()]
    return challenge


def taken_challenge() -> Asked | None:
    """Take the challenge out of the session: each is answered once, and not for long. None where there is none."""
    challenge, since = session.pop(_CHALLENGE, ["", 0])
    asked = Asked(bytes.fromhex(challenge), datetime.fromtimestamp(since, UTC))
    return asked if asked.challenge and now() - asked.at <= LASTS else None
