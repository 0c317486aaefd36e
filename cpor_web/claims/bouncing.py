"""What follows when a mail comes back that the mail server had taken.

Of a notice only its newest copy counts: one that was sent again and taken asks the customer, whatever comes back of
an earlier copy. When the newest comes back the clock stops, though an earlier one may have arrived. While a contact
waits to be asked once more, what comes back of the notice before stops nothing.
"""

from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from cpor_web import assessment, facts, history, lifecycle
from cpor_web.claims import partners_clock
from cpor_web.claims.posting import TAKEN
from cpor_web.consent import stops
from cpor_web.emails.catalogue import ASKS, to_staff
from cpor_web.models import Claim, Invitation, Mail, MailState, RoundState
from cpor_web.programme import Programme
from cpor_web.rules.roles import SYSTEM
from cpor_web.rules.statuses import Status
from cpor_web.silence import holding

LATE = "notice not delivered"
"""Why an association ended afterwards, for the operator's own assessor."""


def bounced(session: Session, mail_id: int, report: str, *, now: datetime, programme: Programme) -> bool:
    """Note that a mail came back, with everything that follows; False while it is still being sent, or may be.

    `report` is what the report says, on one line. A mail that came back already, or never went out, stays as it is.
    """
    mail, claim = _held(session, mail_id)
    if mail.due_at is not None:
        return False
    if mail.state not in {MailState.SENT, MailState.UNKNOWN}:
        return True
    mail.state, mail.bounced_at, mail.bounce = MailState.BOUNCED, now, report
    session.flush()
    if claim is not None:
        _note(session, claim, mail, "mail:bounced", report, now)
        _follow_up(session, claim, mail, now, programme)
    return True


def delayed(session: Session, mail_id: int, report: str, *, now: datetime) -> bool:
    """Note that a mail is late, which decides nothing; False while it is still being sent, or may be."""
    mail, claim = _held(session, mail_id)
    if mail.due_at is not None:
        return False
    if claim is not None and mail.state in {MailState.SENT, MailState.UNKNOWN}:
        _note(session, claim, mail, "mail:delayed", report, now)
    return True


def _held(session: Session, mail_id: int) -> tuple[Mail, Claim | None]:
    mail = session.get_one(Mail, mail_id)
    claim = session.get(Claim, mail.claim_id) if mail.claim_id is not None else None
    if claim is not None:
        lifecycle.hold(session, claim)
    session.refresh(mail, with_for_update=True)
    return mail, claim


def _note(session: Session, claim: Claim, mail: Mail, kind: str, report: str, now: datetime) -> None:
    data = {"mail": mail.kind, "to": mail.to_name, "answer": report}
    history.append(session, claim, kind, actor=SYSTEM, now=now, data=data, is_internal=mail.is_internal)


def _follow_up(session: Session, claim: Claim, mail: Mail, now: datetime, programme: Programme) -> None:
    if mail.kind != "not-delivered":
        to_staff.not_delivered(session, claim, mail, now=now, programme=programme)
    if mail.kind in ASKS:
        _customer_was_not_asked(session, claim, mail, now, programme)
        holding.watch(session, now=now, programme=programme)
    elif mail.kind in TAKEN:
        partners_clock.returned(session, claim, mail, now=now, programme=programme)
    else:
        partners_clock.not_told_that_it_is_over(session, claim, mail, now=now)


def _customer_was_not_asked(session: Session, claim: Claim, mail: Mail, now: datetime, programme: Programme) -> None:
    newer = exists().where(
        Mail.invitation_id == mail.invitation_id,
        Mail.kind.in_(ASKS),
        Mail.id > mail.id,
        Mail.state == MailState.SENT,
    )
    if session.scalar(select(newer)):
        return
    stops.notice_failed(session, mail, now=now, programme=programme)
    invitation = session.get_one(Invitation, mail.invitation_id)
    round_ = facts.latest_round(session, claim)
    if round_ is None or round_.id != invitation.round_id or invitation.superseded_at is not None:
        return
    passed = claim.status is Status.APPROVED and round_.state is RoundState.PASSED
    if passed and round_.yes_at is None:  # silence of somebody who was not asked; a yes stays a yes
        assessment.end(session, claim, now=now, programme=programme, why=LATE)
