"""Takes in one mail: what it is, and which mail of ours it is about, is stored with its bytes in one transaction."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from cpor_web import queue
from cpor_web.addresses import UnsupportedAddress, ascii_address
from cpor_web.claims import references
from cpor_web.consent import answers
from cpor_web.emails.returns import ReturnAddresses
from cpor_web.incoming import keeping, parsing
from cpor_web.incoming.diagnoses import FROM_A_STRANGER, NOT_SIGNED, NOT_STORED, NOT_UNDERSTOOD, OTHER_RECIPIENT
from cpor_web.incoming.parsing import Incoming
from cpor_web.incoming.reports import Delivery, Fate
from cpor_web.models import Claim, CustomerContact, Invitation, Mail, ReceivedKind, ReceivedMail, Round, RoundState
from cpor_web.models.consent import OPEN_STATES

_DECIDING = {Fate.FAILED: ReceivedKind.HARD_BOUNCE, Fate.DELAYED: ReceivedKind.SOFT_BOUNCE}


@dataclass(frozen=True)
class Found:
    """What a mail is, and why; `diagnostic` holds a report's words, or a msgid that says why it decides nothing."""

    kind: ReceivedKind
    mail_id: int | None = None
    status: str = ""
    diagnostic: str = ""


def receive(session: Session, raw: bytes, *, returns: ReturnAddresses, now: datetime) -> ReceivedMail:
    """Store a mail with what it is. The same mail once more, by whichever way, gives the row that there is.

    Never fails for anything that the bytes hold. What follows from it is drawn later (`settling`); where nothing
    can, it is settled at once.
    """
    said = parsing.parse(raw[: keeping.LONGEST])
    found = _found(session, said, returns, now)
    has_consequences = found.kind in {ReceivedKind.HARD_BOUNCE, ReceivedKind.SOFT_BOUNCE, ReceivedKind.REPLY}
    is_reply = found.kind is ReceivedKind.REPLY
    row = insert(ReceivedMail).values(
        received_at=now,
        digest=keeping.digest(raw),
        kind=found.kind,
        mail_id=found.mail_id,
        status=found.status,
        diagnostic=keeping.struck(found.diagnostic),
        sender=said.sender if is_reply else "",
        words=keeping.struck(said.words) if is_reply else "",
        raw=keeping.kept(raw),
        settled_at=None if has_consequences else now,
    )
    made = session.scalar(row.on_conflict_do_nothing(index_elements=["digest"]).returning(ReceivedMail.id))
    if made is None:
        return session.scalars(select(ReceivedMail).where(ReceivedMail.digest == keeping.digest(raw))).one()
    queue.ring_after_commit(session, queue.SETTLE_RECEIVED)
    return session.get_one(ReceivedMail, made)


def set_aside(session: Session, raw: bytes, *, now: datetime) -> None:
    """Note that a mail could not be stored and is kept elsewhere: a person is to look at it, nothing follows."""
    row = insert(ReceivedMail).values(
        received_at=now,
        # Another one than it has: once it can be stored, it is received as if it had never been set aside.
        digest=hashlib.sha256(b"set aside" + raw).digest(),
        kind=ReceivedKind.AUTOMATIC,
        diagnostic=NOT_STORED,
        raw=keeping.NOT_KEPT,
        settled_at=now,
    )
    session.execute(row.on_conflict_do_nothing(index_elements=["digest"]))


def asked_as(session: Session, senders: Sequence[str], *, now: datetime) -> Sequence[Invitation]:
    """Return the invitations of open rounds that went to one of these addresses, the oldest first.

    With those of rounds that are open again once a denial is undone, as long as it can be.
    """
    newer = aliased(Round)
    is_newest = ~exists().where(newer.claim_id == Round.claim_id, newer.number > Round.number)
    asked = (
        select(Invitation)
        .join(Invitation.round)
        .join(Invitation.contact)
        .where(func.lower(CustomerContact.email).in_(senders), is_newest)
        .where(Round.state.in_((*OPEN_STATES, RoundState.DENIED)))
        .order_by(Invitation.id)
    )
    found = session.scalars(asked).all() if senders else ()
    return [each for each in found if each.round.is_open or answers.may_be_restored(session, each.round, now=now)]


def _found(session: Session, said: Incoming, returns: ReturnAddresses, now: datetime) -> Found:
    signed = _signed_for(session, said, returns)
    if said.is_report:
        return _report(session, said, signed)
    answered = signed or _answered(session, said)
    if said.is_automatic or (said.is_from_a_robot and not _is_of_somebody_asked(session, said, answered, now)):
        is_returned = signed is not None and not said.answers
        return _of(ReceivedKind.AUTOMATIC, answered, NOT_UNDERSTOOD if is_returned else "")
    if answered is not None:
        return _of(ReceivedKind.REPLY, answered)
    asked = asked_as(session, said.senders, now=now)
    if not asked:
        kind = ReceivedKind.AUTOMATIC if said.is_from_a_list else ReceivedKind.UNRELATED
        return Found(kind, diagnostic=FROM_A_STRANGER if _names_a_claim(session, said.words) else "")
    notice = _notice(session, asked[0]) if len(asked) == 1 else None
    return _of(ReceivedKind.REPLY, notice)


def _is_of_somebody_asked(session: Session, said: Incoming, answered: Mail | None, now: datetime) -> bool:
    """Tell whether a mail is from where we had asked: a small firm's only mailbox may be called like a robot's."""
    if answered is not None and answered.invitation_id is not None and answered.to_address.lower() == said.sender:
        return True
    return bool(asked_as(session, [said.sender], now=now))


def _names_a_claim(session: Session, text: str) -> bool:
    named = references.named_in(text)
    return bool(named) and session.scalar(select(Claim.id).where(Claim.reference.in_(named)).limit(1)) is not None


def _report(session: Session, said: Incoming, signed: Mail | None) -> Found:
    """Only a report to a signed address, about the address that this mail went to, decides anything."""
    about = signed or _with_id(session, [said.returned_id])
    if not said.deliveries:  # a receipt, a complaint, or a report without its heart
        return _of(ReceivedKind.AUTOMATIC, about, NOT_UNDERSTOOD if signed is not None else "")
    mine = [each for each in said.deliveries if signed is not None and _is_about(each, signed)]
    decisive = next((each for fate in _DECIDING for each in mine if each.fate is fate), None)
    if signed is not None and decisive is not None:
        return _of(_DECIDING[decisive.fate], signed, decisive.diagnostic, decisive.status)
    if mine:
        is_unclear = any(each.fate is Fate.UNCLEAR for each in mine)
        return _of(ReceivedKind.AUTOMATIC, signed, NOT_UNDERSTOOD if is_unclear else "", mine[0].status)
    why = NOT_SIGNED if signed is None else OTHER_RECIPIENT
    return _of(ReceivedKind.AUTOMATIC, about, why, said.deliveries[0].status)


def _of(kind: ReceivedKind, mail: Mail | None, diagnostic: str = "", status: str = "") -> Found:
    return Found(kind, mail.id if mail is not None else None, status, diagnostic)


def _signed_for(session: Session, said: Incoming, returns: ReturnAddresses) -> Mail | None:
    ids = returns.mail_ids_in(said.addressed)
    return session.get(Mail, min(ids)) if len(ids) == 1 else None


def _answered(session: Session, said: Incoming) -> Mail | None:
    return _with_id(session, said.answers)


def _with_id(session: Session, message_ids: Sequence[str]) -> Mail | None:
    """Return the mail of ours that has the first of these Message-IDs that one of ours has."""
    mails = session.scalars(select(Mail).where(Mail.message_id.in_(message_ids))).all()
    return min(mails, key=lambda mail: message_ids.index(mail.message_id or ""), default=None)


def _notice(session: Session, asked: Invitation) -> Mail | None:
    """Return the newest mail of an invitation."""
    return session.scalar(select(Mail).where(Mail.invitation_id == asked.id).order_by(Mail.id.desc()).limit(1))


def _is_about(delivery: Delivery, mail: Mail) -> bool:
    try:
        address = ascii_address(mail.to_address)
    except UnsupportedAddress:
        address = mail.to_address
    return bool({address.lower(), mail.to_address.lower()} & delivery.addresses)
