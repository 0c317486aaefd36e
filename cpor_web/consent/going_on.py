"""How a stopped consent period goes on: another contact is asked, or who said to be the wrong person once more."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.consent import rounds, stops
from cpor_web.emails import outbox, recalling
from cpor_web.emails.catalogue import ASKS
from cpor_web.models import AnswerKind, Claim, CustomerContact, Invitation, Mail, Round, RoundState
from cpor_web.programme import Programme
from cpor_web.rules import deadlines
from cpor_web.rules.exc import GuardFailed
from cpor_web.rules.roles import Actor
from cpor_web.rules.words import N_


def replace_contact(
    session: Session,
    claim: Claim,
    round_: Round,
    old: CustomerContact,
    new: CustomerContact,
    *,
    now: datetime,
    programme: Programme,
) -> None:
    """Ask another contact instead: a new notice and a full new window; only the replaced one's link is superseded."""
    for invitation in round_.invitations:
        if invitation.contact_id == old.id and invitation.superseded_at is None:
            invitation.superseded_at = now
            recalling.call_back(session, invitation.id, why="called back: another contact is asked instead", now=now)
    position, old.position = old.position, None
    session.flush()
    new.position = position
    round_.state = RoundState.WAITING
    round_.contact_due_at = round_.contact_rule = None
    _forget_yes(session, round_)
    others = round_.asked
    rounds.invite(session, claim, round_, new, now=now, programme=programme)
    if stops.is_astray(session, others):
        why = stops.STILL_MISSING
        stops.ask_for_contact(session, claim, round_, now=now, programme=programme, why=why)


def why_not(round_: Round) -> str | None:
    """Return why a stopped round cannot go on (a sentence's msgid), None where it can.

    Whoever said not to be the right person is asked once more by that, whatever became of the earlier notice.
    """
    asked = round_.asked
    if any(each.contact.is_erased if each.is_the_wrong_person else each.bounced_at is not None for each in asked):
        return N_("A notice was not delivered: the right contact must be named first.")
    if any(each.taken_at is None and not each.is_the_wrong_person for each in asked):
        return N_(
            "A notice is not out yet: the period can go on once the mail server has taken it."
            " If it is not known whether it was delivered, send it again."
        )
    return None


def go_on(
    session: Session, round_: Round, *, actor: Actor, now: datetime, programme: Programme
) -> Sequence[Invitation]:
    """Let a stopped round go on. Raises GuardFailed where it cannot.

    Whoever said not to be the right person was told that nothing more is theirs to do: they are asked once more, and
    the full window counts from then. Returns who they are; where there is nobody, it runs from now.
    """
    stops.read_answers(session, round_)
    refused = why_not(round_)
    if refused is not None:
        raise GuardFailed(refused)
    stops.set_contact_clock(round_, None, programme)
    again = [each for each in round_.asked if each.is_the_wrong_person]
    for each in again:
        _ask_again(session, each, actor, now)
    if again:
        round_.state = RoundState.WAITING
        _forget_yes(session, round_)
        return again
    end = deadlines.consent_end(now, programme.periods.consent, programme.calendar)
    if round_.ends_at is None or end.at > round_.ends_at:
        rounds.set_end(round_, end, programme)
    round_.state = RoundState.RUNNING
    return again


def _ask_again(session: Session, invitation: Invitation, actor: Actor, now: datetime) -> None:
    """Send the notice again, which says so; what this contact said counts no longer.

    Those that did not get through before need nobody any more: whoever asks again has dealt with them.
    """
    asking = select(Mail).where(Mail.invitation_id == invitation.id, Mail.kind.in_(ASKS)).order_by(Mail.id)
    earlier = session.scalars(asking.execution_options(populate_existing=True)).all()
    for mail in earlier:
        mail.deal_with(actor.user_id, now)
    outbox.put_again(session, earlier[-1], now=now)
    invitation.asked_again_at, invitation.taken_at, invitation.bounced_at = now, None, None


def _forget_yes(session: Session, round_: Round) -> None:
    """Let a round's yes count only as long as one of those asked has confirmed it since they were last asked."""
    session.flush()
    if not stops.said(session, round_.asked, AnswerKind.YES_CONFIRMED):
        round_.yes_at = None
