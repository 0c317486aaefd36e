"""Stories that were told wrongly once, kept as they were found. What must hold is looked at after every step."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from cpor_web.programme import Programme
from tests.state_machine.mails import Row
from tests.state_machine.openings import begin
from tests.state_machine.test_process import Process


@pytest.fixture
def play(engine: Engine, programme: Programme, committed: Session) -> Iterator[Process]:
    committed.close()  # it is here for what it deletes
    play = Process(engine, programme)
    play.edit = "nothing"
    yield play
    play.teardown()


def latest_round(play: Process) -> Row:
    return max(play.world.rows["rounds"], key=lambda row: int(row["number"]))


def flag(play: Process) -> object:
    """Return since when the only assessment is flagged."""
    return play.world.rows["assessments"][0]["ended_at"]


def test_a_window_is_not_closed_before_the_end_that_a_notice_in_doubt_prints(play: Process) -> None:
    begin(play, "running")
    play.time_passes("three days")
    play.sends_a_mail_again("rita", 0, of_customers=True)
    for _ in range(2):
        play.mails_are("lost")
    first_end = latest_round(play)["ends_at"]

    play.the_next_deadline_comes(0)
    play.windows_close()

    assert latest_round(play)["state"] == "running"
    assert latest_round(play)["ends_at"] > first_end
    play.the_next_deadline_comes(0)
    play.windows_close()
    assert latest_round(play)["state"] == "passed"


def test_a_notice_that_waits_to_be_sent_again_stays_here_once_the_window_is_closed(play: Process) -> None:
    begin(play, "running")
    play.sends_a_mail_again("rita", 0, of_customers=True)

    play.the_next_deadline_comes(0)
    play.windows_close()
    play.mails_are()

    notices = [mail for mail in play.world.rows["mails"] if mail["kind"] == "consent-notice"]
    assert sorted(mail["state"] for mail in notices) == ["refused", "sent"]


def test_a_late_mail_that_asks_for_a_contact_starts_no_time_over_a_replaced_contacts_denial(play: Process) -> None:
    begin(play, "running")
    play.is_not_the_right_person()
    play.mails_are("put off")
    play.proposes_another_contact("filer")
    play.confirms_the_proposed_contact("rita")
    play.mails_are()
    play.denies(1)

    play.time_passes("an hour")
    play.mails_are()

    assert (latest_round(play)["state"], latest_round(play)["contact_due_at"]) == ("stopped", None)


def test_a_replaced_contact_is_not_asked_any_more(play: Process) -> None:
    begin(play, "running")
    play.sends_a_mail_again("rita", 0, of_customers=True)
    play.is_not_the_right_person()
    play.proposes_another_contact("filer")
    play.confirms_the_proposed_contact("rita")

    play.mails_are()

    (again,) = [mail for mail in play.world.rows["mails"] if mail["again_of_id"]]
    assert (again["kind"], again["state"], again["sent_at"]) == ("consent-notice", "refused", None)


def test_who_is_fine_is_not_replaced_instead_of_who_is_astray(play: Process) -> None:
    play.edit = "a second contact"
    begin(play, "running")
    play.is_not_the_right_person()  # the second

    play.proposes_another_contact("filer", whom=0)
    assert all(contact["replaces_id"] is None for contact in play.world.rows["customer_contacts"])
    play.proposes_another_contact("filer", whom=1)
    assert any(contact["replaces_id"] for contact in play.world.rows["customer_contacts"])


def test_a_denial_flags_the_assessment_also_after_a_late_one_was_undone(play: Process) -> None:
    begin(play, "restored late")
    play.denies()

    assert flag(play)
    play.undoes_the_denial()
    assert not flag(play)


def test_a_lapse_flags_the_assessment_of_a_window_that_had_passed_before(play: Process) -> None:
    begin(play, "restored late")
    play.is_not_the_right_person()
    play.mails_are()
    play.time_passes("a month")
    play.deadlines_pass()

    assert play.world.rows["claims"][0]["rejection"] == "no-partner-response"
    assert flag(play)


def test_undoing_a_denial_while_a_yes_is_needed_lifts_no_flag(play: Process) -> None:
    begin(play, "a yes is needed after all")
    play.denies()
    play.undoes_the_denial()

    assert latest_round(play)["state"] == "running"
    assert flag(play)
