"""How a contact's mails fared and when their links were opened, as a consent record tells it."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cpor_web.emails.links import Purpose
from cpor_web.emails.outcomes import codes_of
from cpor_web.history.chain import moment
from cpor_web.models import Invitation, Mail, Opening, ReceivedMail

MOST_OPENINGS = 500
"""The first openings of a link are told one by one; of all that came later, how many."""

Json = dict[str, Any]


def mails(session: Session, invitation: Invitation, *, in_full: bool) -> list[Json]:
    """Return every mail to a contact about a round, in order: queued, begun, the server's answer, what came back.

    Unless `in_full`, servers' words are left out but for their codes: they quote addresses. So is the Message-ID: who
    knows it can write what passes for an answer to the mail.
    """
    query = select(Mail).where(Mail.invitation_id == invitation.id).order_by(Mail.id)
    return [_mail(session, mail, in_full=in_full) for mail in session.scalars(query)]


def openings(session: Session, invitation: Invitation, *, in_full: bool) -> Json:
    """Return how often a contact's links were requested, and of the first when, which page, by what kind of client.

    Only `in_full` by which method, on the one-click address, and once the link was superseded: that somebody who was
    replaced pressed deny is for reviewers alone.
    """
    of_it = [Opening.invitation_id == invitation.id]
    if not in_full:
        of_it.append(Opening.page != Purpose.ONE_CLICK.value)
    if not in_full and invitation.superseded_at is not None:
        of_it.append(Opening.at < invitation.superseded_at)
    first = session.scalars(select(Opening).where(*of_it).order_by(Opening.id).limit(MOST_OPENINGS))
    return {
        "count": session.scalar(select(func.count()).where(*of_it)) or 0,
        "first": [
            {"at": moment(each.at), "page": each.page, "client": each.client.value}
            | ({"method": each.method} if in_full else {})
            for each in first
        ],
    }


def _mail(session: Session, mail: Mail, *, in_full: bool) -> Json:
    told = (lambda words: words) if in_full else codes_of
    reports = session.scalars(select(ReceivedMail).where(ReceivedMail.mail_id == mail.id).order_by(ReceivedMail.id))
    return {
        "kind": mail.kind,
        **({"message_id": mail.message_id} if in_full else {}),
        "state": mail.state.value,
        "queued_at": moment(mail.queued_at),
        "begun_at": moment(mail.dated_at) if mail.dated_at else None,
        "attempts": mail.attempts,
        "was_repeated": mail.repeats > 0,
        "taken_at": moment(mail.sent_at) if mail.sent_at else None,
        "answer": told(mail.answer),
        "bounced_at": moment(mail.bounced_at) if mail.bounced_at else None,
        "bounce": told(mail.bounce),
        "came_back": [
            {"at": moment(each.received_at), "kind": each.kind.value, "status": codes_of(each.status)}
            for each in reports
        ],
    }
