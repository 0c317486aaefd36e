"""What follows from received mail: hard bounces and replies have consequences, everything else decides nothing."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from cpor_web import lifecycle
from cpor_web.claims import bouncing, replies
from cpor_web.emails.outcomes import one_line
from cpor_web.incoming import parsing
from cpor_web.incoming.receiving import asked_as
from cpor_web.models import Claim, Invitation, Mail, ReceivedKind, ReceivedMail
from cpor_web.programme import Programme


def due(session: Session, *, most: int) -> Sequence[int]:
    """Return the ids of up to `most` received mails that wait, the oldest first.

    A report that came before its mail was noted as sent is not due: it waits until that is known.
    """
    on_its_way = exists().where(Mail.id == ReceivedMail.mail_id, Mail.due_at.is_not(None))
    is_reply = ReceivedMail.kind == ReceivedKind.REPLY
    waiting = select(ReceivedMail.id).where(ReceivedMail.settled_at.is_(None), is_reply | ~on_its_way)
    return session.scalars(waiting.order_by(ReceivedMail.id).limit(most)).all()


def settle(session: Session, received_id: int, *, now: datetime, programme: Programme) -> bool:
    """Draw the consequences of one received mail, once; False where they are drawn already, or not yet."""
    received = session.get(ReceivedMail, received_id)
    if received is None:
        return False
    claims = _claims(session, received)
    for claim in claims:
        lifecycle.hold(session, claim)
    session.refresh(received, with_for_update={"of": ReceivedMail})
    if received.settled_at is not None or not _draw(session, received, claims, now, programme):
        return False
    received.settled_at = now
    return True


def _draw(
    session: Session, received: ReceivedMail, claims: Sequence[Claim], now: datetime, programme: Programme
) -> bool:
    if received.kind is ReceivedKind.REPLY:
        for claim in claims:
            replies.came(session, claim, received, now=now)
        return True
    assert received.mail_id is not None, "a bounce is about a mail"
    if _is_known(session, received):
        return True
    report = one_line(f"{received.status} {received.diagnostic}")
    if received.kind is ReceivedKind.HARD_BOUNCE:
        return bouncing.bounced(session, received.mail_id, report, now=now, programme=programme)
    return bouncing.delayed(session, received.mail_id, report, now=now)


def _claims(session: Session, received: ReceivedMail) -> list[Claim]:
    """Return the claims that a mail is about, in the order in which they are locked.

    A person's reply that does not say which question of ours it answers is about every one on which they are asked:
    nor does one to a mail that was not the customer's, or to a question that is over.
    """
    mail = received.mail
    ids = {mail.claim_id} if mail is not None and _is_the_customers(received, mail) else set()
    if received.kind is ReceivedKind.REPLY and received.raw is not None:
        said = parsing.parse(received.raw)
        if mail is None or mail.message_id not in said.answers or not _is_open(session, mail):
            asked = asked_as(session, said.senders, now=received.received_at)
            ids |= {each.round.claim_id for each in asked}
    return [session.get_one(Claim, id_) for id_ in sorted(id_ for id_ in ids if id_ is not None)]


def _is_the_customers(received: ReceivedMail, mail: Mail) -> bool:
    """Tell whether a claim is concerned: by every bounce, but only by a reply to what the customer was sent."""
    return received.kind is not ReceivedKind.REPLY or mail.invitation_id is not None


def _is_open(session: Session, mail: Mail) -> bool:
    invitation = session.get(Invitation, mail.invitation_id) if mail.invitation_id is not None else None
    return invitation is not None and invitation.round.is_open


def _is_known(session: Session, received: ReceivedMail) -> bool:
    """Tell whether the same report about a mail has come before, in other bytes; of its delay, whether any has."""
    earlier = aliased(ReceivedMail)
    same = [
        earlier.mail_id == received.mail_id,
        earlier.kind == received.kind,
        earlier.settled_at.is_not(None),
    ]
    if received.kind is not ReceivedKind.SOFT_BOUNCE:
        same += [earlier.status == received.status, earlier.diagnostic == received.diagnostic]
    return bool(session.scalar(select(exists().where(earlier.id != received.id, *same))))
