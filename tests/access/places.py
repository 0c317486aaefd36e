"""What stands for the names in an address: things of the sample that are there, and some that are not."""

import re
from collections.abc import Iterator
from hashlib import sha256

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.routing import AnyConverter, Rule

from cpor_web import clock
from cpor_web.accounts import calendar_feed
from cpor_web.emails.links import Purpose
from cpor_web.facts import latest_round
from cpor_web.models import (
    Assessment,
    Claim,
    CustomerContact,
    Document,
    Handover,
    HandoverKind,
    HandoverState,
    Invitation,
    Mail,
    MpnId,
    Partner,
    ReceivedKind,
    ReceivedMail,
    RoundState,
)
from cpor_web.rules.roles import Role
from cpor_web.rules.statuses import Status
from tests.support import factories
from tests.support.everybody import OTHER, OWNER

NAMES = re.compile(r"<(?:\w+(?:\(.*?\))?:)?(\w+)>")
"""A place in a rule: <name>, <int:name>, <any("one","other"):name>."""

WAITS_FOR_THE_PARTNER = {
    "edit": Status.EDITING,
    "proof-check": Status.EDITING,
    "delete": Status.EDITING,
    "submit": Status.EDITING,
}
"""By the last word of an address of a claim: the status in which there is something at it."""

NOT_THERE = {"reference": "ZZZZ-9999", "token": "x" * 45}
NO_NUMBER = "9000000000000000000"


def plain(rule: Rule) -> str:
    """Return the rule of an address with bare names in it."""
    return NAMES.sub(r"<\1>", rule.rule)


def lines(app: Flask) -> Iterator[tuple[str, Rule]]:
    """Yield ("GET /claims/<reference>", its rule) for every method of every address."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield f"{method} {plain(rule)}", rule


class Places:
    """Things of the owning partner, by the names that stand for them in addresses."""

    def __init__(self, app: Flask, session: Session) -> None:
        self._app = app
        self._signers = app.extensions["signers"]
        self.claims = self._claims(session)
        self.values = self._values(session)
        session.commit()

    def path(self, line: str, rule: Rule) -> str:
        """Return the address of something that is there."""
        claim = self._claim_for(rule.rule)
        values = self.values | {"reference": claim.reference, "token": self._token(rule.rule)}
        if rule.rule.endswith("/remove") and claim.status is Status.EDITING:
            values["document_id"] = self.values["draft_document_id"]
        if rule.endpoint == "bootstrap.static":
            values["filename"] = "css/bootstrap.min.css"
        if (converter := rule._converters.get("state") or rule._converters.get("name")) is not None:
            assert isinstance(converter, AnyConverter)
            values |= dict.fromkeys(("state", "name"), min(converter.items))
        return NAMES.sub(lambda name: str(values[name[1]]), line.partition(" ")[2])

    def nowhere(self, line: str) -> str | None:
        """Return the address of something that is not there; None where an address names nothing."""
        path = line.partition(" ")[2]
        known = {"state", "name", "filename"}
        names = set(NAMES.findall(path)) - known
        return NAMES.sub(lambda name: NOT_THERE.get(name[1], NO_NUMBER), path) if names else None

    def _claim_for(self, rule: str) -> Claim:
        last = rule.rpartition("/")[2]
        if rule.startswith("/claims/") and last == "remove":
            return self.claims[Status.EDITING.value]
        if last == "contact":
            return self.claims["stopped"]
        return self.claims[WAITS_FOR_THE_PARTNER.get(last, Status.APPROVED).value]

    def _token(self, rule: str) -> str:
        if rule.startswith("/calendar"):
            return str(self.values["calendar"])
        purpose = rule.split("/")[1]
        if purpose in set(Purpose):
            return str(self._signers.url(Purpose(purpose), self.values["link"]).rpartition("/")[2])
        return NOT_THERE["token"]

    def _claims(self, session: Session) -> dict[str, Claim]:
        found: dict[str, Claim] = {}
        for claim in session.scalars(select(Claim).join(Partner).where(Partner.name == OWNER).order_by(Claim.id)):
            round_ = latest_round(session, claim)
            if round_ is not None and round_.state is RoundState.STOPPED:
                found.setdefault("stopped", claim)
            elif claim.status is not Status.APPROVED or (round_ is not None and round_.state is RoundState.RUNNING):
                found.setdefault(claim.status.value, claim)
        return found

    def _values(self, session: Session) -> dict[str, object]:
        claim = self.claims[Status.APPROVED.value]
        first = {
            "document_id": select(Document.id).where(Document.claim_id == claim.id),
            "draft_document_id": select(Document.id).where(Document.claim_id == self.claims[Status.EDITING.value].id),
            "contact_id": select(CustomerContact.id).where(CustomerContact.claim_id == claim.id),
            "mail_id": select(Mail.id).where(Mail.claim_id == claim.id),
            "mpn_id_id": select(MpnId.id).where(MpnId.partner_id == claim.partner_id),
            "link": select(Invitation.link_id).join(Invitation.contact).where(CustomerContact.claim_id == claim.id),
            "others_document": select(Document.id).join(Claim).join(Partner).where(Partner.name == OTHER),
        }
        values: dict[str, object] = {name: session.scalars(each).first() for name, each in first.items()}
        assert all(values.values()), values
        partner = session.get_one(Partner, claim.partner_id)
        colleague = factories.user(session, Role.VIEWER, partner=partner, calendar_number=1)
        with self._app.app_context():
            feed = calendar_feed.address_of(colleague)
        return values | {
            "user_id": colleague.id,
            "calendar": feed.rpartition("/")[2].removesuffix(".ics"),
            "partner_id": claim.partner_id,
            "received_id": _received(session, claim).id,
            "handover_id": _handover(session).id,
            "filename": "app.css",
            "passkey_id": NO_NUMBER,  # each has their own, or none
            "sign_in_id": NO_NUMBER,
            "filter_id": NO_NUMBER,
        }


def _received(session: Session, claim: Claim) -> ReceivedMail:
    mail = session.scalars(select(Mail.id).where(Mail.claim_id == claim.id)).first()
    raw = b"From: carla@contoso.example.com\r\n\r\nWho are you?\r\n"
    received = ReceivedMail(
        received_at=clock.utcnow(), digest=sha256(raw).digest(), kind=ReceivedKind.REPLY, mail_id=mail, raw=raw
    )
    session.add(received)
    session.flush()
    return received


def _handover(session: Session) -> Handover:
    handover = Handover(
        key="a-message-of-the-tests",
        assessment_id=session.scalars(select(Assessment.id)).first(),
        sequence=1,
        kind=HandoverKind.ASSESS,
        body={},
        state=HandoverState.GIVEN_UP,
        queued_at=clock.utcnow(),
    )
    session.add(handover)
    session.flush()
    return handover
