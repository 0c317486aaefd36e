"""What is kept of a received mail, and which mail of ours it is taken to be about."""

from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from cpor_web import queue
from cpor_web.config import Settings
from cpor_web.emails.returns import ReturnAddresses
from cpor_web.incoming import keeping, queries
from cpor_web.incoming.diagnoses import FROM_A_STRANGER, NOT_SIGNED, NOT_UNDERSTOOD, OTHER_RECIPIENT
from cpor_web.models import Claim, Invitation, Mail, ReceivedKind, ReceivedMail, RoundState
from tests.incoming.conftest import LATER, Desk
from tests.support import returned_mail
from tests.support.returned_mail import out_of_office, receipt, reply, report

CARLA = "carla@contoso.example.com"


@pytest.mark.parametrize("write", [report, returned_mail.exchange, returned_mail.gmail])
def test_a_report_to_a_signed_address_is_a_hard_bounce(desk: Desk, notice: Mail, write: object) -> None:
    received = desk.receive(write(desk.returns.address(notice.id), CARLA))  # type: ignore[operator]
    assert (received.kind, received.mail_id) == (ReceivedKind.HARD_BOUNCE, notice.id)
    assert received.status.startswith("5.1.")
    assert "550" in received.diagnostic
    assert received.settled_at is None
    assert queue.SETTLE_RECEIVED in queue.rung(desk.session)


def test_a_report_of_a_delay_is_a_soft_bounce(desk: Desk, notice: Mail) -> None:
    received = desk.receive(report(desk.returns.address(notice.id), CARLA, action="delayed", status="4.4.1"))
    assert (received.kind, received.mail_id, received.status) == (ReceivedKind.SOFT_BOUNCE, notice.id, "4.4.1")


@pytest.mark.parametrize(
    ("to", "about", "why"),
    [
        ("returns+{id}-0000000000000000000000@vendor.example.com", CARLA, NOT_SIGNED),
        ("returns@vendor.example.com", CARLA, NOT_SIGNED),
        ("cpor@vendor.example.com", CARLA, NOT_SIGNED),
        ("{signed}", "carlo@contoso.example.com", OTHER_RECIPIENT),
        ("{signed}", "", OTHER_RECIPIENT),
    ],
)
def test_a_forged_report_is_kept_and_decides_nothing(desk: Desk, notice: Mail, to: str, about: str, why: str) -> None:
    to = to.format(id=notice.id, signed=desk.returns.address(notice.id))
    returned = f"Message-ID: {notice.message_id}\n\nx\n".encode()
    received = desk.receive(report(to, about or "carla@elsewhere.example.com", returned=returned))
    assert (received.kind, received.diagnostic) == (ReceivedKind.AUTOMATIC, why)
    assert received.mail_id == notice.id, "nobody can see which mail it claims to be about"
    assert received.settled_at == LATER
    assert received.raw


def test_a_report_to_two_signed_addresses_is_about_neither(desk: Desk, notice: Mail) -> None:
    both = f"{desk.returns.address(notice.id)}, {desk.returns.address(notice.id - 1)}"
    assert desk.receive(report(both, CARLA)).kind is ReceivedKind.AUTOMATIC


def test_an_address_that_was_signed_for_a_mail_that_is_not_there_is_about_none(desk: Desk) -> None:
    received = desk.receive(report(desk.returns.address(2**62), CARLA))
    assert (received.kind, received.mail_id) == (ReceivedKind.AUTOMATIC, None)


def test_the_address_that_the_mail_went_to_may_be_the_original_one(desk: Desk, notice: Mail) -> None:
    """Where the customer's server forwards, the last address is one that we never wrote to."""
    forwarded = report(desk.returns.address(notice.id), "carla@elsewhere.example.com", original=CARLA.upper())
    assert desk.receive(forwarded).kind is ReceivedKind.HARD_BOUNCE


@pytest.mark.parametrize(
    ("action", "status", "is_told"), [("failed", "", True), ("failed", "550", True), ("relayed", "2.0.0", False)]
)
def test_a_report_whose_action_does_not_fit_its_status_is_for_a_person(
    desk: Desk, notice: Mail, action: str, status: str, is_told: bool
) -> None:
    received = desk.receive(report(desk.returns.address(notice.id), CARLA, action=action, status=status))
    assert received.kind is ReceivedKind.AUTOMATIC
    assert received.diagnostic == (NOT_UNDERSTOOD if is_told else "")
    assert (received in queries.listed(desk.session).rows) is is_told


def test_a_mail_that_came_back_without_a_report_is_for_a_person(desk: Desk, notice: Mail) -> None:
    odd = reply("MAILER-DAEMON@old.example.com", "550 sorry, no mailbox", to=desk.returns.address(notice.id))
    received = desk.receive(odd)
    assert (received.kind, received.mail_id) == (ReceivedKind.AUTOMATIC, notice.id)
    assert received.diagnostic == NOT_UNDERSTOOD


def test_a_receipt_and_an_answer_while_away_decide_nothing(desk: Desk, notice: Mail) -> None:
    away = desk.receive(out_of_office(CARLA, to="cpor@vendor.example.com", answers=notice.message_id or ""))
    assert (away.kind, away.mail_id, away.diagnostic) == (ReceivedKind.AUTOMATIC, notice.id, "")
    read = desk.receive(receipt(CARLA, to=desk.returns.address(notice.id)))
    assert read.kind is ReceivedKind.AUTOMATIC


def test_a_persons_reply_is_about_the_mail_that_it_answers(desk: Desk, notice: Mail) -> None:
    received = desk.receive(reply("carlo@contoso.example.com", "Carla has left us.", answers=notice.message_id or ""))
    assert (received.kind, received.mail_id) == (ReceivedKind.REPLY, notice.id)
    assert received.words == "Carla has left us."


def test_a_new_mail_of_a_contact_who_is_asked_is_a_reply(
    desk: Desk, notice: Mail, another: Callable[..., Claim]
) -> None:
    another("kim@contoso.example.com")
    received = desk.receive(reply(CARLA.upper(), "What is this?"))
    assert (received.kind, received.mail_id) == (ReceivedKind.REPLY, notice.id)


@pytest.mark.parametrize("state", [RoundState.RUNNING, RoundState.PASSED])
def test_a_contact_whose_address_is_a_programs_is_a_person(desk: Desk, notice: Mail, state: RoundState) -> None:
    invitation = desk.session.get_one(Invitation, notice.invitation_id)
    invitation.contact.email = notice.to_address = "postmaster@contoso.example.com"
    invitation.round.state, invitation.round.closed_at = state, LATER if state is RoundState.PASSED else None
    answers = notice.message_id or ""
    person = desk.receive(reply("Postmaster@contoso.example.com", "We never worked with them.", answers=answers))
    assert (person.kind, person.words) == (ReceivedKind.REPLY, "We never worked with them.")
    robot = desk.receive(reply("postmaster@adatum.example.org", "Not delivered.", answers=answers))
    assert robot.kind is ReceivedKind.AUTOMATIC


def test_a_strangers_mail_is_unrelated_and_its_words_are_not_kept(desk: Desk, notice: Mail) -> None:
    received = desk.receive(reply("sales@adatum.example.org", "Buy now.", answers="<not-ours@example.com>"))
    assert (received.kind, received.mail_id, received.words) == (ReceivedKind.UNRELATED, None, "")


def test_a_strangers_mail_that_names_a_claim_is_shown_to_reviewers_and_holds_nothing(
    desk: Desk, claim: Claim, notice: Mail
) -> None:
    received = desk.receive(reply("boss@contoso.example.com", f"About {claim.reference}: we do not know them."))
    assert (received.kind, received.diagnostic) == (ReceivedKind.UNRELATED, FROM_A_STRANGER)
    assert desk.round(claim).reply_at is None
    desk.receive(reply("sales@adatum.example.org", "About K7QM-2XRD: buy now."))
    assert queries.listed(desk.session).rows == [received]


A_LIST = {"List_Id": "<it.contoso.example.com>", "Precedence": "bulk"}


def test_a_mail_through_a_list_is_a_reply_if_it_answers_ours(desk: Desk, notice: Mail) -> None:
    answer = desk.receive(reply("it@contoso.example.com", "No.", answers=notice.message_id or "", **A_LIST))
    assert (answer.kind, answer.sender) == (ReceivedKind.REPLY, "it@contoso.example.com")


@pytest.mark.parametrize("said_in", ["From", "Sender", "Reply_To", "List_Post", "X_Original_From"])
def test_a_mail_through_the_group_that_is_asked_is_a_reply(desk: Desk, notice: Mail, said_in: str) -> None:
    more = {} if said_in == "From" else {said_in: f"<mailto:{CARLA}>" if said_in == "List_Post" else f"It <{CARLA}>"}
    sender = CARLA if said_in == "From" else "kim@elsewhere.example.com"
    received = desk.receive(reply(sender, "We never worked with them.", **A_LIST, **more))
    assert (received.kind, received.mail_id, received.sender) == (ReceivedKind.REPLY, notice.id, sender)


def test_what_strangers_and_programs_send_through_a_list_is_automatic(desk: Desk, notice: Mail) -> None:
    strangers = desk.receive(reply("news@adatum.example.org", "Newsletter.", **A_LIST))
    assert (strangers.kind, strangers.sender) == (ReceivedKind.AUTOMATIC, "")
    away = {"Auto_Submitted": "auto-replied"}
    assert desk.receive(reply(CARLA, "I am away.", **A_LIST, **away)).kind is ReceivedKind.AUTOMATIC


def test_the_same_mail_by_two_ways_is_one(desk: Desk, notice: Mail) -> None:
    raw = report(desk.returns.address(notice.id), CARLA)
    first = desk.receive(raw)
    by_imap = raw.replace(b"\n", b"\r\n").replace(b"Received: by", b"Received: from elsewhere\r\n\tby", 1)
    assert desk.receive(by_imap).id == first.id
    assert desk.session.scalar(select(func.count()).select_from(ReceivedMail)) == 1


def test_without_a_return_address_no_report_decides(desk: Desk, notice: Mail, settings: Settings) -> None:
    signed = desk.returns.address(notice.id)
    desk.returns = ReturnAddresses(settings.consent_keys, "")
    assert desk.receive(report(signed, CARLA)).kind is ReceivedKind.AUTOMATIC


def test_a_mail_of_megabytes_is_cut_and_its_report_is_read(desk: Desk, notice: Mail) -> None:
    huge = report(desk.returns.address(notice.id), CARLA, returned=b"Subject: x\n\n" + b"x" * (3 << 20))
    received = desk.receive(huge)
    assert received.kind is ReceivedKind.HARD_BOUNCE
    assert received.raw is not None
    assert len(received.raw) < keeping.LONGEST


@pytest.mark.parametrize("raw", [b"", b"\n", b"\0", b"\xff" * 100, b"From: \xff\0@\n\n\0", b"To: a\n" * 50_000])
def test_what_is_no_mail_is_kept_too(desk: Desk, raw: bytes) -> None:
    received = desk.receive(raw)
    desk.session.flush()
    assert received.kind is ReceivedKind.UNRELATED
