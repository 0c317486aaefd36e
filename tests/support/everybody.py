"""Every kind of user before one application with the sample in it: each signed in, if they can."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

import redis
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from cpor_web import clock
from cpor_web.config import Settings
from cpor_web.models import Partner, User
from cpor_web.rules.roles import Role
from cpor_web.samples import loading
from cpor_web.samples.people import PASSWORD
from tests.support import factories
from tests.support.browser import Browser
from tests.support.rows import empty

OWNER, OTHER = "Adatum", "Fabrikam"


class Kind(StrEnum):
    """Who asks. "Own" is the partner that the things asked for belong to, "other" is another."""

    STRANGER = "stranger"
    CUSTOMER = "customer of another claim"
    OWN_GLOBAL = "own global admin"
    OWN_BILLING = "own billing admin"
    OWN_INCENTIVES = "own incentives admin"
    OWN_VIEWER = "own viewer"
    OTHER_GLOBAL = "other global admin"
    OTHER_BILLING = "other billing admin"
    OTHER_INCENTIVES = "other incentives admin"
    OTHER_VIEWER = "other viewer"
    REVIEWER = "reviewer"
    ADMINISTRATOR = "administrator"
    DEACTIVATED = "deactivated"


_ROLES = {
    "global admin": Role.GLOBAL_ADMIN,
    "billing admin": Role.BILLING_ADMIN,
    "incentives admin": Role.INCENTIVES_ADMIN,
    "viewer": Role.VIEWER,
}


@dataclass
class Everybody:
    """The application with the sample, and each kind of user's cookies; `engine` reads what is committed."""

    app: Flask
    engine: Engine
    cookies: dict[Kind, dict[str, str]]
    ids: dict[Kind, int]

    def browser(self, kind: Kind) -> Browser:
        """Return a new browser that is signed in as that kind of user, whatever others did before."""
        browser = cast(Browser, self.app.test_client())
        browser.checks_pages = False
        for name, value in self.cookies.get(kind, {}).items():
            browser.set_cookie(name, value, domain=self._host, secure=True)
        return browser

    @property
    def _host(self) -> str:
        return str(self.app.extensions["settings"].public_url.partition("//")[2])


@contextmanager
def gathered(app: Flask, engine: Engine, settings: Settings) -> Iterator[Everybody]:
    """Load the sample, add who is missing, sign everybody in; delete all of it in the end."""
    try:
        with Session(engine, expire_on_commit=False) as session:
            documents, programme = app.extensions["documents"], app.extensions["programme"]
            loading.load(session, programme=programme, documents=documents, now=clock.utcnow())
            people = _people(session)
            session.commit()
        everybody = Everybody(app, engine, {}, {kind: user.id for kind, (user, _) in people.items()})
        for kind, (user, password) in people.items():
            everybody.cookies[kind] = _cookies(cast(Browser, app.test_client()), user, password)
        with Session(engine) as session:
            session.get_one(User, everybody.ids[Kind.DEACTIVATED]).active = False
            session.commit()
        yield everybody
    finally:
        empty(engine)
        with redis.Redis.from_url(settings.redis_url) as bell:
            bell.flushdb()


def _people(session: Session) -> dict[Kind, tuple[User, str]]:
    """Return who signs in as which kind, with the password. Of the sample's people who is there."""
    found: dict[Kind, tuple[User, str]] = {}
    for name, which in ((OWNER, "own"), (OTHER, "other")):
        partner = session.scalars(select(Partner).where(Partner.name == name)).one()
        for words, role in _ROLES.items():
            found[Kind(f"{which} {words}")] = _somebody(session, role, partner)
        if which == "own":
            found[Kind.DEACTIVATED] = factories.user(session, Role.GLOBAL_ADMIN, partner=partner), factories.PASSWORD
    found[Kind.REVIEWER] = _somebody(session, Role.REVIEWER, None)
    found[Kind.ADMINISTRATOR] = _somebody(session, Role.ADMINISTRATOR, None)
    return found


def _somebody(session: Session, role: Role, partner: Partner | None) -> tuple[User, str]:
    known = select(User).where(User.role == role, User.partner == partner, User.active).order_by(User.id)
    there = session.scalars(known).first()
    if there is not None:
        return there, PASSWORD
    return factories.user(session, role, partner=partner), factories.PASSWORD


def _cookies(browser: Browser, user: User, password: str) -> dict[str, str]:
    answer = browser.submit("/login", {"email": user.email, "password": password}, page="/login")
    assert answer.status_code == 302, f"{user.email} cannot sign in"
    return cookies_of(browser)


def cookies_of(browser: Browser) -> dict[str, str]:
    """Return what a browser has kept, by the cookies' names."""
    return {cookie.key: cookie.value for cookie in (browser._cookies or {}).values()}


_CHANGES = re.compile(r'(name="csrf_token"[^>]* value|value)="[^"]{16,}"')


_NEW_IN_EACH = {"Set-Cookie", "X-Request-Id"}


def looks(answer: TestResponse) -> tuple[int, str, list[tuple[str, str]]]:
    """Return status, body and headers of an answer, without what is new in each: tokens, session, its id."""
    headers = sorted((name, _CHANGES.sub("…", value)) for name, value in answer.headers if name not in _NEW_IN_EACH)
    return answer.status_code, _CHANGES.sub("…", answer.text), headers
