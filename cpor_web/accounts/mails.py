"""The mails of accounts: queued with whom they are for, their link made only when they are sent."""

from datetime import timedelta
from typing import Any

from flask import Flask, current_app
from flask_security.recoverable import generate_reset_password_token

from cpor_web.accounts import places
from cpor_web.emails.catalogue import to_people
from cpor_web.extensions import db
from cpor_web.models import Mail, SecurityKind, User
from cpor_web.transactions import transaction
from cpor_web.users import security_log
from cpor_web.web.current import now, programme, settings

ANOTHER_AFTER = timedelta(minutes=5)
"""So that nobody's mailbox is flooded from many places, and they still get a mail soon."""


def queue_password_reset(_app: Flask, *, user: User, **_with_the_link: Any) -> None:
    """Put the mail into the outbox, unless one is on its way; Flask-Security tells the link, which is left behind."""
    session = db.session()
    asked = security_log.last(session, user, SecurityKind.PASSWORD_ASKED)
    if asked is not None and now() - asked < ANOTHER_AFTER:
        return
    with transaction(session):
        security_log.note(session, user, SecurityKind.PASSWORD_ASKED, now=now(), place=places.here())
        to_people.password_reset(session, user, now=now(), programme=programme())


def account_link(mail: Mail) -> str | None:
    """Return the link that a mail to somebody with an account carries, None for other mails. Needs an app."""
    if mail.kind not in {"password-reset", "invitation"}:
        return None
    return reset_link(db.session.get_one(User, mail.user_id))


def reset_link(user: User) -> str:
    """Return a link by which `user` can choose a password, for 24 hours and once. Needs an app, not a request.

    It begins with CPOR_PUBLIC_URL: a request's Host header could be anybody's.
    """
    token = generate_reset_password_token(user)
    path = current_app.url_map.bind("").build("security.reset_password", {"token": token})
    return settings().public_url + path
