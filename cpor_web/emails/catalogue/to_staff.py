"""What reviewers and administrators get."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from cpor_web.emails.catalogue import addressing, facts
from cpor_web.emails.catalogue.facts import Context
from cpor_web.emails.outcomes import codes_of
from cpor_web.models import Claim, Comment, Holding, Mail, MailState
from cpor_web.programme import Programme


def comment_for_reviewer(
    session: Session, claim: Claim, comment: Comment, *, now: datetime, programme: Programme
) -> None:
    """Quote a partner's comment to the claim's reviewer, or to all reviewers where it has none."""
    addressing.for_reviewer(session, "new-comment", claim, now, programme, **facts.comment(comment))


def not_delivered(session: Session, claim: Claim, failed: Mail, *, now: datetime, programme: Programme) -> None:
    """Tell partner and reviewer that a mail of this claim did not get through, or that nobody knows if it did.

    The reviewer reads what was said of it, the partner only the codes: anybody who got the mail can send a report.
    """
    said = failed.bounce or failed.answer
    about = {
        "failed_kind": failed.kind,
        "failed_name": failed.to_name,
        "in_doubt": failed.state is MailState.UNKNOWN,
    }
    addressing.for_partner(session, "not-delivered", claim, now, programme, **about, answer=codes_of(said))
    addressing.for_reviewer(session, "not-delivered", claim, now, programme, **about, answer=said)


def denial_by_replaced(session: Session, claim: Claim, said: Context, *, now: datetime, programme: Programme) -> None:
    """Tell the reviewer that a replaced contact denied: it decides nothing, but the clock stands still."""
    addressing.for_reviewer(session, "denial-by-replaced", claim, now, programme, words=said["words"])


def competing_associations(
    session: Session,
    claim: Claim,
    others: Sequence[Context],
    lacking_yes: Sequence[str],
    *,
    now: datetime,
    programme: Programme,
) -> None:
    """Tell the reviewer that an association was restored beside `others` for the same, and that none ends another.

    `lacking_yes` has the references of those of them that silence would end.
    """
    about = {"others": list(others), "lacking_yes": list(lacking_yes)}
    addressing.for_reviewer(session, "competing-associations", claim, now, programme, **about)


def overdue_digest(session: Session, overdue: Sequence[Claim], *, now: datetime, programme: Programme) -> None:
    """Tell every administrator which claims are overdue."""
    claims = [{"reference": c.reference, "name": c.name, "due_at": facts.iso(c.due_at)} for c in overdue]
    addressing.for_administrators(session, "overdue-digest", now, programme, claims=claims)


def closing_held(session: Session, holding: Holding, *, now: datetime, programme: Programme) -> None:
    """Ask every administrator to look at the notices that were not delivered, and to release closing."""
    about = {"notices": holding.notices, "failed": holding.failed, "at": facts.iso(holding.began_at)}
    addressing.for_administrators(session, "closing-held", now, programme, **about)
