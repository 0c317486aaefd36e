"""Erases one person: of an account the row stays, empty; of a contact, that somebody was asked.

What others wrote is searched for the address everywhere, and for the names beside it and in the person's claims.
"""

import re
import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from cpor_web import history
from cpor_web.models import (
    ERASED,
    Answer,
    Assessment,
    Claim,
    Erasure,
    Event,
    FailedSignIns,
    Identity,
    Mail,
    MailState,
    Passkey,
    ReceivedMail,
    SavedFilter,
    SecurityEvent,
    SignIn,
    User,
)
from cpor_web.privacy import ended, erasing, person
from cpor_web.privacy.person import Person
from cpor_web.rules.exc import Invalid, NotAllowed
from cpor_web.rules.roles import SYSTEM, Role
from cpor_web.rules.words import N_
from cpor_web.users import people

ASKED_FOR = N_("It was asked for.")
UNDER_WAY = N_("A mail to or about this person is on its way. Try again in a minute.")
GONE = "erased-%s@invalid"
LETTER, THERE = r"[^\W_]", "[[:alnum:]]"
"""What a word goes on with, in Python's patterns and in the database's: no underscore, which parts the words of a
file's name.
"""


def erase(session: Session, who: Person, *, why: str, now: datetime) -> int:
    """Erase a person from everything; return in how many claims. Does not commit.

    Raises NotAllowed where one of their claims is under way, a mail to them is being sent, or they are the last who
    can manage; Invalid where nobody is known by the address, or `why`, which is kept, names them.
    """
    if not who.is_known:
        raise Invalid(N_("Nobody is known by this address."), field_name="email")
    if not why.strip() or "@" in why or any(re.search(_whole(word), why, re.IGNORECASE) for word in who.words):
        raise Invalid(N_("Give a reason. It is kept, so it must not name the person."), field_name="reason")
    claims = _lock(session, who, now)
    if who.user is not None:
        people.hold_others(session, who.user)
    heirs = {claim.id: _heir(session, claim, who) for claim in claims}
    for claim in claims:
        _erase_in_claim(session, claim, who, heirs[claim.id], now)
    _erase_in_passing(session, who, now)
    session.flush()
    _erase_mails(session, who, now)
    _erase_words(session, who)
    if who.user is not None:
        _empty_account(session, who.user)
    session.add(Erasure(at=now, what="a person", count=1, why=why.strip()))
    session.flush()
    return len(claims)


def _lock(session: Session, who: Person, now: datetime) -> Sequence[Claim]:
    named = {*who.claims, *session.scalars(select(Event.claim_id).where(person.in_passing(who)))}
    locked = select(Claim).where(Claim.id.in_(named)).order_by(Claim.id)
    locked = locked.with_for_update(of=Claim, key_share=True).execution_options(populate_existing=True)
    claims = [claim for claim in session.scalars(locked) if claim.id in who.claims]
    resting = set(session.scalars(select(Claim.id).where(Claim.id.in_(who.claims), ended.rests(now))))
    busy = tuple(claim.reference for claim in claims if claim.id not in resting)
    if busy:
        raise NotAllowed(N_("Claims that name this person are under way: %(claims)s."), {"claims": busy})
    return claims


def _heir(session: Session, claim: Claim, who: Person) -> User | None:
    """Return who is written to about a claim in their place: a Global admin of the partner."""
    admins = select(User).where(User.partner_id == claim.partner_id, User.role == Role.GLOBAL_ADMIN, User.active)
    others = admins.where(User.id != who.user.id) if who.user else admins
    return session.scalars(others.order_by(User.id).limit(1)).first()


def _erase_in_claim(session: Session, claim: Claim, who: Person, heir: User | None, now: datetime) -> None:
    found = select(Event.position).where(Event.claim_id == claim.id, person.events_naming(who))
    positions = session.scalars(found).all()
    history.erase(session, claim, positions, actor=SYSTEM, now=now, why=ASKED_FOR)
    claim.made_of = None  # a digest of their name and address too, by which they could be guessed
    for contact in claim.all_contacts:
        if contact.email.lower() == who.address:
            erasing.of_contact(contact)
    if (claim.partner_contact_email or "").lower() == who.address:
        claim.partner_contact_name, claim.partner_contact_email = (
            (heir.name, heir.email) if heir else (ERASED, ERASED)
        )


def _erase_in_passing(session: Session, who: Person, now: datetime) -> None:
    """Erase the single events of others' claims that name them. These claims may be under way: it hinders nothing."""
    positions: dict[int, list[int]] = defaultdict(list)
    for claim_id, position in session.execute(select(Event.claim_id, Event.position).where(person.in_passing(who))):
        positions[claim_id].append(position)
    for claim_id, of_it in positions.items():
        history.erase(session, session.get_one(Claim, claim_id), of_it, actor=SYSTEM, now=now, why=ASKED_FOR)


def _erase_mails(session: Session, who: Person, now: datetime) -> None:
    theirs = person.is_(Mail.to_address, who.address)
    naming = person.mails_naming(who)
    waiting = session.scalars(select(Mail).where(theirs | naming, Mail.due_at.is_not(None)).with_for_update()).all()
    if any(mail.state is MailState.SENDING or mail.to_address.lower() != who.address for mail in waiting):
        raise NotAllowed(UNDER_WAY)
    for mail in waiting:
        mail.state, mail.ended_at, mail.due_at, mail.leased_until = MailState.REFUSED, now, None, None
    session.flush()
    erasing.of_mails(session, theirs, now=now)
    erasing.of_contexts(session, naming, now=now)
    came = person.received_naming(who)
    if session.scalar(select(ReceivedMail.id).where(came, ReceivedMail.settled_at.is_(None)).limit(1)) is not None:
        raise NotAllowed(UNDER_WAY)
    erasing.of_received(session, came, now=now)


def _erase_words(session: Session, who: Person) -> None:
    """Put “erased” in the place of the address wherever it was written, and of names beside it or in their claims."""
    for model, columns in person.WRITTEN.items():
        if model in (Answer, Assessment):
            continue  # a customer's own words go as a whole, as an assessor's do, which are several texts
        for name in columns:
            column, named = getattr(model, name), person.written_naming(who, model, name)
            for word in reversed(who.words):  # the address last: it tells that a name is theirs
                there = and_(person.has(column, (word,)), named)
                _set(session, model, there, **{name: func.regexp_replace(column, _whole(word, THERE), ERASED, "gi")})
    _set(session, Answer, person.written_naming(who, Answer), words="")
    erasing.of_reasons(session, person.written_naming(who, Assessment))
    found = delete(SavedFilter).where(person.filters_naming(who))
    session.execute(found.execution_options(synchronize_session="fetch"))


def _whole(word: str, letter: str = LETTER) -> str:
    """Return the pattern of a word that is no part of a longer one."""
    return f"(?<!{letter}){re.escape(word)}(?!{letter})"


def _empty_account(session: Session, user: User) -> None:
    for model in (Passkey, Identity, SignIn, FailedSignIns, SavedFilter):
        session.execute(delete(model).where(model.user_id == user.id).execution_options(synchronize_session="fetch"))
    has_some = or_(SecurityEvent.browser != "", SecurityEvent.network != "", SecurityEvent.facts != {})
    _set(session, SecurityEvent, and_(SecurityEvent.user_id == user.id, has_some), browser="", network="", facts={})
    user.email, user.name, user.active = GONE % user.id, ERASED, False
    user.password = user.last_sign_in_at = None
    user.totp_secret = user.totp_number = user.passkey_handle = None
    user.recovery_codes, user.fs_uniquifier = [], uuid.uuid4().hex
    user.calendar_number += 1
    session.flush()


def _set(session: Session, model: Any, which: Any, **values: Any) -> None:
    session.execute(update(model).where(which).values(**values).execution_options(synchronize_session=False))
    session.expire_all()
