"""Mails go to whom they are meant for, and what concerns a reviewer to somebody who still reads it."""

from datetime import timedelta

from sqlalchemy.orm import Session

from cpor_web.claims import operations, posting
from cpor_web.consent import answers
from cpor_web.consent.answers import Outcome
from cpor_web.emails.outcomes import Permanent
from cpor_web.models import Claim, Mail
from cpor_web.programme import Programme
from cpor_web.rules.reasons import Denial, Way
from tests.support import claims
from tests.support.claims import NOW


def leave(session: Session, claim: Claim) -> None:
    assert claim.reviewer is not None
    claim.reviewer.active = False
    session.flush()


def to_whom(mail: Mail) -> tuple[str, str, int | None]:
    return mail.to_address, mail.to_name, mail.user_id


def test_a_comment_to_a_reviewer_who_left_goes_to_all_reviewers(db_session: Session, programme: Programme) -> None:
    claim = claims.running(db_session, programme)
    leave(db_session, claim)
    operations.comment(db_session, claim, "Hello?", actor=claim.filed_by.actor, now=NOW, programme=programme)
    assert to_whom(claims.mail_of(db_session, claim, "new-comment")) == (programme.reviewers_address, "", None)


def test_a_replaced_contacts_denial_is_told_to_all_reviewers_once_the_claims_own_has_left(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.running(db_session, programme)
    leave(db_session, claim)
    (invitation,) = claims.invitations_of(db_session, claim)
    invitation.superseded_at = NOW
    later = NOW + timedelta(hours=1)
    about = {"reason": Denial.OTHER, "way": Way.PAGE, "now": later, "programme": programme}
    assert answers.deny(db_session, invitation, **about) is Outcome.SUPERSEDED  # type: ignore[arg-type]
    db_session.flush()
    assert to_whom(claims.mail_of(db_session, claim, "denial-by-replaced")) == (programme.reviewers_address, "", None)


def test_a_mail_that_was_refused_is_told_to_all_reviewers_once_the_claims_own_has_left(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.approved(db_session, programme)
    leave(db_session, claim)
    notice = claims.mail_of(db_session, claim, "consent-notice")
    posting.begin(db_session, notice.id, now=NOW, programme=programme)
    posting.settle(db_session, notice.id, Permanent("550 5.1.1 no such user"), now=NOW, programme=programme)
    db_session.flush()
    told = claims.mail_of(db_session, claim, "not-delivered")
    assert told.context.get("for_reviewer")
    assert to_whom(told) == (programme.reviewers_address, "", None)


def test_a_reviewer_who_is_there_is_told_of_their_claims(db_session: Session, programme: Programme) -> None:
    claim = claims.under_review(db_session, programme)
    operations.comment(db_session, claim, "Hello?", actor=claim.filed_by.actor, now=NOW, programme=programme)
    assert claim.reviewer is not None
    to = (claim.reviewer.email, claim.reviewer.name, claim.reviewer.id)
    assert to_whom(claims.mail_of(db_session, claim, "new-comment")) == to
