"""The partner's time to answer, while the mail that asks for it does not get through.

It counts from the moment a mail server took the mail. If that one comes back, the clock stops until somebody else at
the partner was told. It stops once: whoever got a mail can send a report about it, the partner too, and could else
stop its own clock for good.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web import facts, lifecycle
from cpor_web.consent import stops
from cpor_web.emails.catalogue import addressing, to_partner
from cpor_web.models import Claim, Mail, MailState, Round, RoundState
from cpor_web.programme import Programme
from cpor_web.rules.statuses import Status

REQUEST = "information-requested"


def returned(session: Session, claim: Claim, mail: Mail, *, now: datetime, programme: Programme) -> None:
    """Let the partner's time count from the first mail that still stands, or stop it and tell others there.

    For the first of the mails that ask for the same which comes back; further ones change nothing. Where nobody is
    left to be told, the whole time counts from now: what can be done was done, and the page of the claim says it too.
    """
    round_ = facts.latest_round(session, claim)
    same = _asking_for_the_same(session, claim, round_, mail.kind)
    if mail not in same or any(each.state is MailState.BOUNCED for each in same if each is not mail):
        return
    taken = min((each.sent_at for each in same if each.state is MailState.SENT and each.sent_at), default=None)
    under_way = any(each.due_at is not None for each in same)
    if taken is None and not under_way and mail.user_id is None:
        under_way = _tell_others(session, claim, mail, same, now)
    _set_clock(claim, round_, mail, taken if taken or under_way else now, programme)


def failed(session: Session, claim: Claim, mail: Mail, *, now: datetime, programme: Programme) -> None:
    """Tell others there what was refused; let the partner's time go on once the last mail to them has failed as well.

    For a mail that was not taken. Where none ever was, nobody was asked: no time runs.
    """
    round_ = facts.latest_round(session, claim)
    same = _asking_for_the_same(session, claim, round_, mail.kind)
    if mail.state is MailState.REFUSED and mail.user_id is None and _tell_others(session, claim, mail, same, now):
        return
    is_hopeless = all(each.due_at is None and each.state is not MailState.SENT for each in same)
    if mail in same and is_hopeless and any(each.state is MailState.BOUNCED for each in same):
        _set_clock(claim, round_, mail, now, programme)


def not_told_that_it_is_over(session: Session, claim: Claim, mail: Mail, *, now: datetime) -> None:
    """Tell others there, who may have been asked, that no contact is needed any more where its mail failed.

    Not where one is needed once more, or the period is over: what it says is not so then.
    """
    round_ = facts.latest_round(session, claim)
    goes_on = round_ is not None and round_.state in {RoundState.WAITING, RoundState.RUNNING}
    if goes_on and mail.kind == "consent-period-goes-on" and mail.user_id is None:
        to_partner.to_the_partners_others(session, claim, mail, begins=False, now=now)


def missed_the_contact(session: Session, claim: Claim) -> bool:
    """Tell whether what the partner is asked did not get through to its contact: others there were asked instead.

    A contact whose address was changed since, or who has another copy, can be told what follows.
    """
    kind = REQUEST if claim.status is Status.PARTNER_ACTION_REQUIRED else "contact-needed"
    address = addressing.partner_contact(claim).address.lower()
    asking = _asking_for_the_same(session, claim, facts.latest_round(session, claim), kind)
    copies = [each for each in asking if each.to_address.lower() == address]
    return bool(copies) and all(each.state in {MailState.REFUSED, MailState.BOUNCED} for each in copies)


def _tell_others(session: Session, claim: Claim, mail: Mail, same: Sequence[Mail], now: datetime) -> bool:
    """Send a mail to others there; tell whether there is anybody. Time begins with it where no earlier one stands."""
    begins = mail in same and all(each.state is not MailState.SENT for each in same)
    return to_partner.to_the_partners_others(session, claim, mail, begins=begins, now=now)


def _asking_for_the_same(session: Session, claim: Claim, round_: Round | None, kind: str) -> Sequence[Mail]:
    """Return the mails of a kind that ask for what is missing; none where that has come, or its time has passed."""
    since = _asked_since(session, claim, round_, kind)
    if since is None:
        return ()
    same = select(Mail).where(Mail.claim_id == claim.id, Mail.kind == kind, Mail.queued_at >= since)
    return session.scalars(same).all()


def _asked_since(session: Session, claim: Claim, round_: Round | None, kind: str) -> datetime | None:
    if kind == REQUEST:
        return claim.status_since if claim.status is Status.PARTNER_ACTION_REQUIRED else None
    if round_ is None or round_.state is not RoundState.STOPPED or facts.proposed_contact(session, claim) is not None:
        return None
    return stops.stopped_since(session, claim.id)


def _set_clock(claim: Claim, round_: Round | None, mail: Mail, since: datetime | None, programme: Programme) -> None:
    if mail.kind == REQUEST:
        claim.due_at = claim.due_rule = None
        if since is not None:
            lifecycle.start_partner_clock(claim, since, programme)
    elif round_ is not None:
        stops.set_contact_clock(round_, since, programme)
    claim.version += 1
