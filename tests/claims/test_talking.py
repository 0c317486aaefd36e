"""Comments reach the other side, notes nobody outside, and mails can be sent again."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.claims import operations, queries
from cpor_web.consent import answers
from cpor_web.models import Mail, MailState
from cpor_web.programme import Programme
from cpor_web.rules.exc import Invalid, NotAllowed, NotYours
from cpor_web.rules.reasons import Denial, Request, Way
from cpor_web.rules.roles import Actor, Role
from tests.support import claims, factories
from tests.support.claims import NOW
from tests.support.rows import changed, dump

LATER = NOW + timedelta(hours=1)


def comments(session: Session) -> list[str]:
    session.flush()
    return list(session.scalars(select(Mail.to_address).where(Mail.kind == "new-comment").order_by(Mail.id)))


@pytest.mark.parametrize(
    "make", [claims.submitted, claims.under_review, claims.partner_action_required, claims.running, claims.rejected]
)
def test_partner_and_reviewer_talk_in_every_status_after_submission(
    db_session: Session, programme: Programme, make: object
) -> None:
    assert callable(make)
    claim = make(db_session, programme)
    reviewer = claim.reviewer or factories.user(db_session, Role.REVIEWER)
    due, version = claim.due_at, claim.version
    operations.comment(db_session, claim, "Hello?", actor=claim.filed_by.actor, now=LATER, programme=programme)
    operations.comment(db_session, claim, "Yes?", actor=reviewer.actor, now=LATER, programme=programme)
    expected = claim.reviewer.email if claim.reviewer else programme.reviewers_address
    assert comments(db_session) == [expected, claim.partner_contact_email]
    assert [comment.body for comment in queries.comments_of(db_session, claim)] == ["Hello?", "Yes?"]
    assert (claim.due_at, claim.version) == (due, version + 2), "a comment stops no clock"


def test_what_was_just_said_is_not_said_and_mailed_twice(db_session: Session, programme: Programme) -> None:
    claim = claims.under_review(db_session, programme)
    partner, reviewer = claim.filed_by.actor, claim.reviewer.actor if claim.reviewer else None
    assert reviewer is not None

    def says(words: str, actor: Actor = partner, *, after: timedelta = timedelta()) -> None:
        operations.comment(db_session, claim, words, actor=actor, now=LATER + after, programme=programme)

    says("Any news?")
    before = dump(db_session)
    says("Any news? ", after=timedelta(minutes=9))
    assert changed(before, dump(db_session)) == []
    says("Any news?", reviewer)
    says("Any news?", after=timedelta(minutes=1))
    says("Any news?", after=timedelta(minutes=11))
    assert len(comments(db_session)) == 4, "another person, after another's words, or later: it is said anew"


def test_the_same_words_after_the_claim_has_moved_on_are_said_of_something_else(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.under_review(db_session, programme)
    assert claim.reviewer is not None
    moments = [LATER + timedelta(minutes=after) for after in range(4)]
    partner = {"actor": claim.filed_by.actor, "programme": programme}
    operations.comment(db_session, claim, "Done.", now=moments[0], **partner)
    reviewer = {"actor": claim.reviewer.actor, "programme": programme}
    operations.request_information(db_session, claim, {Request.DATES: ""}, "Date?", now=moments[1], **reviewer)
    operations.comment(db_session, claim, "Done.", now=moments[2], **partner)
    operations.resubmit(db_session, claim, now=moments[3], **partner)
    for _ in range(2):
        operations.comment(db_session, claim, "Done.", now=moments[3], **partner)
    said = [comment.body for comment in queries.comments_of(db_session, claim)]
    assert said == ["Done."] * 3, "before, after what was asked for, and with the resubmission; that once"


def test_what_was_just_noted_is_not_noted_twice(db_session: Session, programme: Programme) -> None:
    claim = claims.under_review(db_session, programme)
    assert claim.reviewer is not None
    operations.note(db_session, claim, "Ask legal.", actor=claim.reviewer.actor, now=LATER)
    before = dump(db_session)
    operations.note(db_session, claim, "Ask legal.", actor=claim.reviewer.actor, now=LATER)
    assert changed(before, dump(db_session)) == []


def test_nobody_talks_about_a_draft(db_session: Session, programme: Programme) -> None:
    claim = claims.editing(db_session, programme)
    with pytest.raises(NotAllowed):
        operations.comment(db_session, claim, "Hm.", actor=claim.filed_by.actor, now=LATER, programme=programme)


@pytest.mark.parametrize("body", ["", " \n", "\x00", "c" * 10_001])
def test_a_comment_has_words_and_not_too_many(db_session: Session, programme: Programme, body: str) -> None:
    claim = claims.submitted(db_session, programme)
    before = dump(db_session)
    with pytest.raises(Invalid):
        operations.comment(db_session, claim, body, actor=claim.filed_by.actor, now=LATER, programme=programme)
    assert changed(before, dump(db_session)) == []


def test_a_viewer_reads_only(db_session: Session, programme: Programme) -> None:
    claim = claims.submitted(db_session, programme)
    viewer = factories.user(db_session, Role.VIEWER, partner=claim.partner).actor
    with pytest.raises(NotYours):
        operations.comment(db_session, claim, "Hm.", actor=viewer, now=LATER, programme=programme)


def test_a_note_is_in_nothing_that_a_partner_sees(db_session: Session, programme: Programme) -> None:
    claim = claims.under_review(db_session, programme)
    assert claim.reviewer is not None
    mails = len(queries.all_mails(db_session).rows)
    operations.note(db_session, claim, "Odd signature.", actor=claim.reviewer.actor, now=LATER)
    partner, reviewer = claim.filed_by.actor, claim.reviewer.actor
    assert "note:added" not in [event.kind for event in queries.history(db_session, claim, partner)]
    (event, *_) = queries.history(db_session, claim, reviewer, kind="note")
    assert "Odd signature." not in str(event.data), "the words are in the note alone"
    assert [note.body for note in queries.notes_of(db_session, claim)] == ["Odd signature."]
    assert len(queries.all_mails(db_session).rows) == mails
    with pytest.raises(NotYours):
        operations.note(db_session, claim, "Mine.", actor=partner, now=LATER)


def test_a_mail_is_sent_again_as_a_new_one_once_it_reached_an_end(db_session: Session, programme: Programme) -> None:
    claim = claims.running(db_session, programme)
    assert claim.reviewer is not None
    reviewer, notice = claim.reviewer.actor, claims.mail_of(db_session, claim, "consent-notice")
    again = operations.send_again(db_session, notice, actor=reviewer, now=LATER)
    db_session.flush()
    assert (again.again_of_id, again.to_address) == (notice.id, notice.to_address)
    assert notice.context.items() < again.context.items()
    assert (again.message_id, again.invitation_id) == (None, notice.invitation_id)
    (event, *_) = queries.history(db_session, claim, reviewer, kind="mail:sent-again")
    assert event.user_id == reviewer.user_id
    with pytest.raises(NotAllowed, match="on its way"):
        operations.send_again(db_session, again, actor=reviewer, now=LATER)


def test_a_denial_that_was_undone_since_is_not_told_of_once_more(db_session: Session, programme: Programme) -> None:
    claim = claims.denied(db_session, programme)
    assert claim.reviewer is not None
    (invitation,), reviewer = claims.invitations_of(db_session, claim), claim.reviewer.actor
    told = claims.mail_of(db_session, claim, "denial-recorded")
    told.state, told.due_at, told.sent_at, told.ended_at = MailState.SENT, None, NOW, NOW
    answers.undo(db_session, invitation, now=LATER, programme=programme)
    db_session.flush()
    with pytest.raises(NotAllowed, match="undone this denial since"):
        operations.send_again(db_session, told, actor=reviewer, now=LATER)
    denial: dict[str, Any] = {"reason": Denial.OTHER, "words": "No.", "way": Way.PAGE, "programme": programme}
    later = LATER + timedelta(minutes=1)
    answers.deny(db_session, invitation, **denial, now=later)
    newer = claims.mail_of(db_session, claim, "denial-recorded")
    assert newer.id != told.id
    newer.state, newer.due_at, newer.sent_at, newer.ended_at = MailState.SENT, None, later, later
    assert operations.send_again(db_session, newer, actor=reviewer, now=later).again_of_id == newer.id
    with pytest.raises(NotAllowed, match="undone this denial since"):
        operations.send_again(db_session, told, actor=reviewer, now=later)


def test_a_partner_sends_nothing_again(db_session: Session, programme: Programme) -> None:
    claim = claims.running(db_session, programme)
    notice = claims.mail_of(db_session, claim, "consent-notice")
    with pytest.raises(NotYours):
        operations.send_again(db_session, notice, actor=claim.filed_by.actor, now=LATER)


def test_of_two_who_send_a_mail_again_only_the_first_does(db_session: Session, programme: Programme) -> None:
    claim = claims.running(db_session, programme)
    assert claim.reviewer is not None
    reviewer, notice = claim.reviewer.actor, claims.mail_of(db_session, claim, "consent-notice")
    operations.send_again(db_session, notice, actor=reviewer, now=LATER)
    before = dump(db_session)
    with pytest.raises(NotAllowed, match="on its way"):
        operations.send_again(db_session, notice, actor=reviewer, now=LATER)
    assert changed(before, dump(db_session)) == []


def test_a_mail_that_somebody_has_dealt_with_is_sent_again_only_by_who_has_seen_that(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.running(db_session, programme)
    assert claim.reviewer is not None
    reviewer, notice = claim.reviewer.actor, claims.mail_of(db_session, claim, "consent-notice")
    notice.state, notice.bounced_at, notice.message_id = MailState.BOUNCED, NOW, "<1@vendor.example.com>"
    operations.deal_with(db_session, notice, actor=reviewer, now=LATER)
    with pytest.raises(NotAllowed, match="dealt with this mail meanwhile"):
        operations.send_again(db_session, notice, actor=reviewer, now=LATER, as_unattended=True)
    assert operations.send_again(db_session, notice, actor=reviewer, now=LATER).again_of_id == notice.id
