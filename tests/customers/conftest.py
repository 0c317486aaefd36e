"""An association that a customer is asked about, and the links in their mails."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web import clock
from cpor_web.claims import operations
from cpor_web.emails.links import Purpose, Signers
from cpor_web.extensions import limiter
from cpor_web.models import Answer, Base, Claim, Invitation, Mail, Opening
from cpor_web.programme import Programme
from tests.support import claims
from tests.support.browser import Browser

RESTORE = {"was_mistaken": "y"}
CONFIRM = {"may_answer": "y"}
PRESS_YES = {"answer": "yes", **CONFIRM}
NO_OBJECTION = {"answer": "no-objection", "has_read": "y"}
WRONG_PERSON = {"answer": "not-the-right-person", "cannot_answer": "y"}

Rows = dict[str, list[tuple[Any, ...]]]


@dataclass
class Asked:
    """One contact who was asked, and what the database says of it."""

    session: Session
    claim: Claim
    invitation: Invitation
    signers: Signers

    def path(self, purpose: Purpose = Purpose.DENY) -> str:
        """The path of a link; the mails carry it after the public URL."""
        return "/" + self.signers.url(purpose, self.invitation.link_id).split("/", 3)[3]

    def token(self, purpose: Purpose = Purpose.DENY) -> str:
        return self.path(purpose).rpartition("/")[2]

    def fresh(self) -> "Asked":
        """Forget what was read, so that the next look sees what the application committed."""
        self.session.rollback()
        self.session.expire_all()
        return self

    def answers(self) -> list[Answer]:
        self.fresh()
        return list(self.session.scalars(select(Answer).order_by(Answer.id)))

    def mails(self, kind: str) -> list[Mail]:
        self.fresh()
        return list(self.session.scalars(select(Mail).where(Mail.kind == kind).order_by(Mail.id)))

    def openings(self) -> list[Opening]:
        """The access log, which alone may grow when a link is opened."""
        self.fresh()
        return list(self.session.scalars(select(Opening).order_by(Opening.id)))

    def rows(self) -> Rows:
        """Everything that the database holds but for the access log: see `openings`."""
        self.fresh()
        tables = [table for table in Base.metadata.sorted_tables if table.name != Opening.__tablename__]
        return {
            t.name: [tuple(row) for row in self.session.execute(select(t).order_by(*t.primary_key))] for t in tables
        }


@pytest.fixture
def now() -> datetime:
    return clock.utcnow()


@pytest.fixture
def asked(committed: Session, app: Flask, programme: Programme, now: datetime) -> Asked:
    """A contact whose notice the mail server has just taken."""
    return asked_about(committed, app, claims.running(committed, programme, now=now))


def asked_about(session: Session, app: Flask, claim: Claim, contact: int = 0) -> Asked:
    """Commit the claim and return its newest round's contact."""
    invitation = claims.invitations_of(session, claim)[contact]
    session.commit()
    return Asked(session, claim, invitation, app.extensions["signers"])


@pytest.fixture
def asked_again(committed: Session, app: Flask, programme: Programme, now: datetime) -> Asked:
    """A contact whose denial was disputed: only an explicit yes lets the association stand."""
    claim = claims.denied(committed, programme, now=now)
    filer = claim.filed_by.actor
    operations.dispute(committed, claim, "They signed.", actor=filer, now=now, programme=programme)
    reviewer = claims.factories.user(committed, claims.Role.REVIEWER)
    committed.flush()
    operations.take_over(committed, claim, actor=reviewer.actor, now=now, programme=programme)
    committed.flush()
    committed.refresh(claim)
    operations.approve(committed, claim, actor=reviewer.actor, now=now, programme=programme)
    for invitation in claims.invitations_of(committed, claim):
        claims.take_notice(committed, programme, invitation, now=now)
    return asked_about(committed, app, claim)


@pytest.fixture
def customer(app: Flask, committed: Session) -> Browser:
    """A customer's browser: it sends no Referer, as from a mail."""
    browser = app.test_client()
    assert isinstance(browser, Browser)
    browser.sends_referer = False
    return browser


@pytest.fixture(autouse=True)
def unlimited_before(app: Flask) -> Iterator[None]:
    """Forget the bad links of the test before."""
    limiter.reset()
    yield
    limiter.reset()


Deny = Callable[..., Any]


@pytest.fixture
def deny(customer: Browser) -> Deny:
    """Deny on the page of the link."""

    def on_the_page(asked: Asked, reason: str = "not-our-partner", words: str = "", **kwargs: Any) -> Any:
        return customer.post(asked.path(), data={"reason": reason, "words": words}, **kwargs)

    return on_the_page
