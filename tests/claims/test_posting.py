"""What the sending of a mail does to its claim."""

from datetime import timedelta

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from cpor_web.backup import aftermath
from cpor_web.claims import bouncing, posting
from cpor_web.consent import answers
from cpor_web.emails import marking, outbox, recalling
from cpor_web.emails.marking import Taken
from cpor_web.emails.outcomes import Accepted, Permanent
from cpor_web.models import Claim, Event, Mail, MailState, RoundState, User
from cpor_web.programme import Programme
from cpor_web.rules.reasons import Denial, Way
from cpor_web.rules.roles import Role
from tests.support import claims, factories
from tests.support.claims import NOW, invitations_of, mail_of
from tests.support.overlapping import Overlap

KIND = "information-requested"


def send(session: Session, programme: Programme, mail: Mail, outcome: Accepted | Permanent) -> None:
    posting.begin(session, mail.id, now=NOW, programme=programme)
    posting.settle(session, mail.id, outcome, now=NOW, programme=programme)


def requests_of(session: Session, claim: Claim) -> list[Mail]:
    mails = select(Mail).where(Mail.claim_id == claim.id, Mail.kind == KIND).order_by(Mail.id)
    return list(session.scalars(mails))


def waiting_with_two_admins(session: Session, programme: Programme) -> Claim:
    claim = claims.partner_action_required(session, programme, is_told=False)
    for _ in range(2):
        factories.user(session, Role.GLOBAL_ADMIN, partner=claim.partner)
    factories.user(session, Role.GLOBAL_ADMIN)
    claim.partner_contact_email = mail_of(session, claim, KIND).to_address = "gone@elsewhere.example.org"
    return claim


def test_a_refused_request_goes_to_the_filer_and_the_global_admins_of_the_partner(
    db_session: Session, programme: Programme
) -> None:
    claim = waiting_with_two_admins(db_session, programme)
    send(db_session, programme, mail_of(db_session, claim, KIND), Permanent("550 5.1.1 Nobody of that name"))
    others = [mail for mail in requests_of(db_session, claim) if mail.state is MailState.QUEUED]
    admins = select(User.email).where(User.partner_id == claim.partner_id, User.role == Role.GLOBAL_ADMIN)
    assert {mail.to_address for mail in others} == {*db_session.scalars(admins), claim.filed_by.email}
    assert claim.due_at is None


def test_the_partners_time_starts_when_the_first_of_them_is_taken(db_session: Session, programme: Programme) -> None:
    claim = waiting_with_two_admins(db_session, programme)
    refused = Permanent("550 5.1.1 Nobody of that name")
    send(db_session, programme, mail_of(db_session, claim, KIND), refused)
    first, second, *_ = [mail for mail in requests_of(db_session, claim) if mail.state is MailState.QUEUED]
    send(db_session, programme, first, refused)
    assert claim.due_at is None
    send(db_session, programme, second, Accepted("250 Ok"))
    assert claim.due_at is not None


def test_a_refused_mail_to_one_of_them_starts_no_further_round(db_session: Session, programme: Programme) -> None:
    claim = waiting_with_two_admins(db_session, programme)
    refused = Permanent("550 5.1.1 Nobody of that name")
    send(db_session, programme, mail_of(db_session, claim, KIND), refused)
    before = len(requests_of(db_session, claim))
    for mail in [mail for mail in requests_of(db_session, claim) if mail.state is MailState.QUEUED]:
        send(db_session, programme, mail, refused)
    assert len(requests_of(db_session, claim)) == before


def test_a_mail_that_was_lost_twice_to_killed_workers_is_in_the_history_and_told_of(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.approved(db_session, programme)
    notice = mail_of(db_session, claim, "consent-notice")
    for hours in (1, 2):
        at = NOW + timedelta(hours=hours)
        posting.begin(db_session, notice.id, now=at, programme=programme)
        db_session.flush()
        posting.take_back(db_session, notice.id, now=at + timedelta(minutes=11), programme=programme)
    assert notice.state is MailState.UNKNOWN
    event = db_session.scalars(select(Event).where(Event.claim_id == claim.id, Event.kind == "mail:unknown")).one()
    assert event.data["mail"] == "consent-notice"
    told = db_session.scalars(select(Mail).where(Mail.claim_id == claim.id, Mail.kind == "not-delivered")).all()
    assert [mail.context["in_doubt"] for mail in told] == [True, True]


def test_a_mail_that_was_noted_as_taken_is_settled_as_of_then_when_its_worker_is_gone(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.approved(db_session, programme)
    notice, taken_at = mail_of(db_session, claim, "consent-notice"), NOW + timedelta(seconds=3)
    posting.begin(db_session, notice.id, now=NOW, programme=programme)
    marking.note(db_session, Taken(notice.id, "250 queued", taken_at))
    later = NOW + timedelta(minutes=11)
    assert list(outbox.abandoned(db_session, now=later, most=9)) == [notice.id]
    posting.take_back(db_session, notice.id, now=later, programme=programme)
    db_session.flush()
    db_session.refresh(notice)
    assert (notice.state, notice.repeats, notice.answer) == (MailState.SENT, 0, "250 queued")
    (invitation,) = invitations_of(db_session, claim)
    assert (notice.sent_at, invitation.taken_at) == (taken_at, taken_at)
    assert invitation.round.state is RoundState.RUNNING


def test_a_bounce_of_a_mail_that_another_worker_took_back_at_the_same_time_stays(
    committed: Session, engine: Engine, programme: Programme
) -> None:
    claim = claims.approved(committed, programme)
    notice, later = mail_of(committed, claim, "consent-notice"), NOW + timedelta(minutes=11)
    posting.begin(committed, notice.id, now=NOW, programme=programme)
    marking.note(committed, Taken(notice.id, "250 queued", NOW))
    (invitation,) = invitations_of(committed, claim)
    committed.commit()

    def take_back(session: Session) -> str:
        posting.take_back(session, notice.id, now=later, programme=programme)
        return "taken back"

    def take_back_and_bounce(session: Session) -> str:
        take_back(session)
        bouncing.bounced(session, notice.id, "550 5.1.1 Nobody of that name", now=later, programme=programme)
        return "bounced"

    Overlap(engine, programme).run(take_back_and_bounce, take_back, commits=True)
    committed.expire_all()
    assert (invitation.bounced_at, invitation.round.state) == (later, RoundState.STOPPED)


def test_a_mail_that_was_called_back_after_it_was_made_ready_is_not_begun_and_the_one_before_is_noted(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.approved(db_session, programme)
    notice, told = mail_of(db_session, claim, "consent-notice"), mail_of(db_session, claim, "approved")
    ready = posting.make_ready(db_session, [notice.id, told.id], now=NOW, programme=programme)
    marking.mark(db_session, ready[told.id].mail, now=NOW)
    (invitation,) = invitations_of(db_session, claim)
    recalling.call_back(db_session, invitation.id, why="it was called back", now=NOW)
    db_session.flush()
    taken = Taken(told.id, "250 queued", NOW)
    assert not marking.mark(db_session, ready[notice.id].mail, now=NOW, taken=taken)
    for mail in (notice, told):
        db_session.refresh(mail)
    assert (notice.state, notice.message_id, notice.attempts) == (MailState.REFUSED, None, 0)
    assert (told.state, told.sent_at, told.answer) == (MailState.SENDING, NOW, "250 queued")


def test_what_is_leased_by_another_worker_after_it_was_made_ready_is_not_begun(
    db_session: Session, programme: Programme
) -> None:
    notice = mail_of(db_session, claims.approved(db_session, programme), "consent-notice")
    ready = posting.make_ready(db_session, [notice.id], now=NOW, programme=programme)
    lease = Mail.__table__.update().where(Mail.id == notice.id).values(leased_until=NOW + marking.LEASE)
    db_session.connection().execute(lease)
    assert not marking.mark(db_session, ready[notice.id].mail, now=NOW)


def test_a_denial_before_the_notice_is_noted_as_taken_can_be_undone_until_the_end_that_it_prints(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.approved(db_session, programme)
    notice = mail_of(db_session, claim, "consent-notice")
    posting.begin(db_session, notice.id, now=NOW, programme=programme)
    (invitation,) = invitations_of(db_session, claim)
    at = NOW + timedelta(seconds=30)
    answers.deny(db_session, invitation, reason=Denial.OTHER, way=Way.PAGE, now=at, programme=programme)
    db_session.flush()
    posting.settle_taken(db_session, [Taken(notice.id, "250 queued", NOW)], programme=programme)
    end = invitation.printed_end
    assert end is not None
    assert (invitation.round.state, invitation.round.ends_at) == (RoundState.DENIED, end)
    assert mail_of(db_session, claim, "denial-recorded").context["undo_until"] == end.isoformat()
    answers.undo(db_session, invitation, now=end, programme=programme)
    assert invitation.round.state is RoundState.RUNNING


def test_mails_that_were_taken_start_their_clocks_when_they_are_settled_together(
    db_session: Session, programme: Programme
) -> None:
    astray, asked = claims.approved(db_session, programme), claims.approved(db_session, programme)
    send(db_session, programme, mail_of(db_session, astray, "consent-notice"), Permanent("550 5.1.1 Nobody"))
    waiting = claims.partner_action_required(db_session, programme, is_told=False)
    db_session.flush()
    kinds = ((asked, "consent-notice"), (waiting, KIND), (astray, "contact-needed"), (asked, "approved"))
    mails, later = [mail_of(db_session, *each) for each in kinds], NOW + timedelta(seconds=2)
    for mail in mails:
        posting.begin(db_session, mail.id, now=NOW, programme=programme)
    taken = [Taken(mail.id, "250 queued", later) for mail in mails]
    posting.settle_taken(db_session, taken, programme=programme)
    (stopped,), (running,) = (invitations_of(db_session, claim) for claim in (astray, asked))
    assert {(mail.state, mail.sent_at, mail.leased_until) for mail in mails} == {(MailState.SENT, later, None)}
    assert (running.taken_at, running.round.state, running.round.ends_at) == (
        later,
        RoundState.RUNNING,
        running.printed_end,
    )
    assert waiting.due_at is not None
    assert stopped.round.contact_due_at is not None
    newest = select(Event.kind).where(Event.claim_id == asked.id).order_by(Event.position.desc()).limit(3)
    assert list(db_session.scalars(newest)) == ["mail:sent", "mail:sent", "consent:started"]


def test_what_was_made_ready_before_the_machine_slept_for_days_is_not_begun(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.approved(db_session, programme)
    notice, told = mail_of(db_session, claim, "consent-notice"), mail_of(db_session, claim, "approved")
    outbox.lease(db_session, now=NOW, most=40)
    db_session.flush()
    ready = posting.make_ready(db_session, [notice.id, told.id], now=NOW, programme=programme)
    assert marking.mark(db_session, ready[told.id].mail, now=NOW)
    taken = Taken(told.id, "250 queued", NOW)
    assert not marking.mark(db_session, ready[notice.id].mail, now=NOW + timedelta(days=3), taken=taken)
    db_session.refresh(told)
    assert told.sent_at == NOW


def test_after_a_restore_a_mail_that_was_noted_as_taken_is_not_in_doubt(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.approved(db_session, programme)
    notice, told = mail_of(db_session, claim, "consent-notice"), mail_of(db_session, claim, "approved")
    for mail in (notice, told):
        posting.begin(db_session, mail.id, now=NOW, programme=programme)
    marking.note(db_session, Taken(notice.id, "250 queued", NOW))
    db_session.refresh(notice)
    number = len(db_session.scalars(select(Mail).where(Mail.due_at.is_not(None))).all())
    later = NOW + timedelta(hours=1)
    in_doubt = aftermath.settle(db_session, backed_up_at=NOW, now=later, programme=programme)
    assert in_doubt == number - 1
    assert (notice.state, notice.answer, told.state) == (MailState.SENT, "250 queued", MailState.UNKNOWN)
    (invitation,) = invitations_of(db_session, claim)
    assert (invitation.taken_at, invitation.round.state) == (NOW, RoundState.RUNNING)
