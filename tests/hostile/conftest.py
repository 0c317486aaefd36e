"""The sample, everybody signed in, and an application that is watched while it is given what nobody expects."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from cpor_web import clock
from cpor_web.config import Settings
from cpor_web.models import Passkey, SavedFilter, SignIn, User
from cpor_web.samples.people import PASSWORD
from tests.hostile.watch import Watch
from tests.support import authenticator_app
from tests.support.everybody import Everybody, Kind, cookies_of, gathered

GUARDED = Kind.OWN_GLOBAL
"""Who has a second factor, a passkey, another browser, and a filter under a name."""


@pytest.fixture(scope="module")
def everybody(app: Flask, engine: Engine, settings: Settings) -> Iterator[Everybody]:
    """The sample, and every kind of user signed in; the stranger knows somebody's password, and not their code."""
    with gathered(app, engine, settings) as there:
        _guard(there)
        for kind in (Kind.OWN_GLOBAL, Kind.REVIEWER, Kind.ADMINISTRATOR):
            there.browser(kind).get("/account/passkeys")  # gives them the handle that all their passkeys share
        yield there


@pytest.fixture(scope="module")
def watch(everybody: Everybody) -> Iterator[Watch]:
    """Sends requests and sees what becomes of them."""
    watch = Watch(everybody)
    with watch.unthrottled():
        yield watch


def _guard(everybody: Everybody) -> None:
    browser = everybody.browser(GUARDED)
    authenticator_app.set_up(browser)
    everybody.cookies[GUARDED] = cookies_of(browser)
    with Session(everybody.engine) as session:
        user, now = session.get_one(User, everybody.ids[GUARDED]), clock.utcnow()
        email = user.email
        session.add(SignIn(key=bytes(32), user_id=user.id, began_at=now, seen_at=now))
        passkey = {"name": "Phone", "credential_id": b"a key", "public_key": b"its half", "sign_count": 0}
        session.add(Passkey(user_id=user.id, added_at=now, **passkey))
        session.add(SavedFilter(user_id=user.id, name="Ours at Contoso", wanted={"search": "contoso"}))
        session.commit()
    stranger = everybody.browser(Kind.STRANGER)
    stranger.submit("/login", {"email": email, "password": PASSWORD}, page="/login")
    everybody.cookies[Kind.STRANGER] = cookies_of(stranger)
