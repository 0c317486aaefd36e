"""Somebody who is named everywhere: who filed a claim, and a contact of its customer."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from cpor_web.claims import operations
from cpor_web.claims.drafts import ContactDraft
from cpor_web.emails.catalogue import to_people
from cpor_web.models import (
    Assessment,
    AssessmentState,
    Claim,
    Holding,
    Identity,
    Mail,
    Passkey,
    ReceivedKind,
    ReceivedMail,
    Replacement,
    SecurityKind,
    User,
)
from cpor_web.privacy import erase_person, person
from cpor_web.programme import Programme
from cpor_web.rules.roles import Role
from cpor_web.users import security_log, sessions
from cpor_web.users.security_log import Place
from tests.privacy.test_retention import all_sent
from tests.support import claims, factories
from tests.support.claims import NOW
from tests.support.rows import dump

LATER = NOW + timedelta(days=60)
NAME, ADDRESS = "Wilhelmina Quist", "wilhelmina.quist@fabrikam.example.org"
CUSTOMER, CUSTOMERS = "Theodora Lindqvist", "Theodora@contoso.example.com"


def _wilhelmina(session: Session) -> User:
    """Somebody who left their mark wherever one can."""
    partner = factories.partner(session)
    factories.user(session, Role.GLOBAL_ADMIN, partner=partner, name="Gunnar", email="gunnar@fabrikam.example.org")
    made = factories.user(session, partner=partner, name=NAME, email=ADDRESS, totp_secret="x", recovery_codes=["y"])
    place = Place("Firefox", "192.0.2.x")
    session.add_all(
        [
            Passkey(
                user_id=made.id, name=f"{NAME}'s key", credential_id=b"c", public_key=b"k", sign_count=0, added_at=NOW
            ),
            Identity(user_id=made.id, issuer="https://id.example.org", subject=ADDRESS, tied_at=NOW),
        ]
    )
    sessions.begin(session, made, way="password", now=NOW, place=place)
    security_log.note(session, made, SecurityKind.SIGNED_IN, now=NOW, place=place, way=NAME)
    security_log.count_failure(session, made.id, now=NOW)
    return made


@pytest.fixture
def scene(db_session: Session, programme: Programme) -> Session:
    """A claim that was declined, in which one and the other are named everywhere, and nothing else runs."""
    filer = _wilhelmina(db_session)
    contact = ContactDraft(name=CUSTOMER, title="Head", email=CUSTOMERS)
    claim = claims.denied(db_session, programme, filer=filer, contact=contact, name=f"{NAME}'s claim")
    reviewer = claim.reviewer
    assert reviewer is not None
    said = f"{NAME} <{ADDRESS.upper()}> and {CUSTOMER} ({CUSTOMERS})"
    operations.comment(db_session, claim, said, actor=reviewer.actor, now=NOW, programme=programme)
    operations.note(db_session, claim, said, actor=reviewer.actor, now=NOW)
    to_people.password_reset(db_session, filer, now=NOW, programme=programme)
    (invitation,) = claims.invitations_of(db_session, claim)
    all_sent(db_session)
    notice = db_session.query(Mail).filter_by(invitation_id=invitation.id).first()
    assert notice is not None
    notice.answer = f"250 2.0.0 taken for {CUSTOMERS}"
    for number, (sender, mail) in enumerate(((CUSTOMERS, notice), (ADDRESS, None))):
        db_session.add(
            ReceivedMail(
                received_at=NOW,
                digest=bytes([number]) * 32,
                kind=ReceivedKind.REPLY,
                sender=sender,
                words=said,
                mail_id=mail and mail.id,
                diagnostic=said,
                raw=f"From: {sender}\r\n\r\n{said}".encode(),
                settled_at=NOW,
            )
        )
    db_session.add(
        Holding(began_at=NOW, notices=5, failed=4, released_at=NOW, released_by_id=reviewer.id, reason=said.lower())
    )
    db_session.execute(text("UPDATE claims SET dispute_until = NULL, dispute_rule = NULL"))
    db_session.execute(text("UPDATE rounds SET ends_at = :at WHERE ends_at > :at"), {"at": LATER})
    db_session.flush()
    return db_session


def put_another_over(session: Session, programme: Programme) -> User:
    """Put another partner's claim, since rejected, over the scene's; the rationale names both. Return who did."""
    claim = session.query(Claim).one()
    said = f"{NAME} <{ADDRESS.upper()}> left, and {CUSTOMER} ({CUSTOMERS}) said so"
    other = claims.rejected(session, programme)
    assert other.reviewer is not None
    decided = {"user_id": other.reviewer.id, "at": NOW, "ended_at": NOW}
    session.add(Replacement(claim_id=other.id, replaced_id=claim.id, rationale=said, **decided))
    session.flush()
    return other.reviewer


def assess(session: Session, *reasons: str) -> Assessment:
    """Let the one association have been found not eligible, and have ended since."""
    claim_id, round_id = session.execute(text("SELECT claim_id, id FROM rounds")).one()
    found = Assessment(claim_id=claim_id, round_id=round_id, state=AssessmentState.NOT_ELIGIBLE, reasons=[*reasons])
    found.queued_at = found.assessed_at = found.ended_at = NOW
    session.add(found)
    session.flush()
    return found


def erase(session: Session, address: str, why: str = "Letter of 3 May") -> int:
    found = erase_person.erase(session, person.find(session, address), why=why, now=LATER)
    session.expire_all()
    return found


def in_every_table(session: Session, *words: str) -> list[tuple[str, str]]:
    """Return in which tables one of these words occurs, in any column of any type, bytes too."""
    rows = dump(session)
    found = []
    for table, each in rows.items():
        plain = json.dumps(each, ensure_ascii=False).lower()
        for word in words:
            if word.lower() in plain or word.encode().hex() in plain or word.lower().encode().hex() in plain:
                found.append((table, word))
    return found
