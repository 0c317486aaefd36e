from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.claims import queries
from cpor_web.models import Claim, Event, Mail, MailState
from tests.support.browser import Browser


def end(mail: Mail, state: MailState, now: datetime, answer: str = "") -> None:
    """Let a mail reach its end, as a worker would."""
    mail.state, mail.answer, mail.due_at = state, answer, None
    mail.sent_at = now if state is MailState.SENT else None


def received(session: Session) -> Mail:
    return session.scalars(select(Mail).order_by(Mail.id)).first()


def test_without_mails_the_page_says_so(desk: Browser) -> None:
    assert "No mail was ever to be sent." in desk.page("/review/mails").select_one(".empty").get_text()


def test_a_mail_is_shown_with_its_state_and_the_servers_answer(
    desk: Browser, claim: Claim, committed: Session, now: datetime
) -> None:
    end(received(committed), MailState.REFUSED, now, "550 5.1.1 no such user")
    committed.commit()

    for path in ("/review/mails", f"/review/{claim.reference}"):
        row = desk.page(path).select_one("table tbody tr").get_text(" ")
        for words in ("Claim received", "pat@fabrikam.example.org", "Not delivered", "550 5.1.1 no such user"):
            assert words in row, path
    assert claim.reference in desk.page("/review/mails").main.get_text()


def test_send_again_queues_a_new_mail_to_the_same_address(
    desk: Browser, claim: Claim, committed: Session, now: datetime
) -> None:
    first = received(committed)
    end(first, MailState.SENT, now, "250 ok")
    committed.commit()
    form = desk.page("/review/mails").select_one("tbody form")
    assert form.button.get_text() == "Send again"

    answer = desk.submit(form["action"], page="/review/mails")

    assert (answer.status_code, answer.location) == (302, "/review/mails")
    again = committed.scalar(select(Mail).where(Mail.again_of_id == first.id))
    assert (again.to_address, again.kind, again.state) == (first.to_address, first.kind, MailState.QUEUED)
    assert committed.scalar(select(Event).where(Event.kind == "mail:sent-again"))


def test_send_again_on_a_claims_page_leads_back_to_it(
    desk: Browser, claim: Claim, committed: Session, now: datetime
) -> None:
    end(received(committed), MailState.BOUNCED, now)
    committed.commit()
    page = f"/review/{claim.reference}"
    form = desk.page(page).select_one("table form")

    answer = desk.submit(form["action"], {"from": form.find("input", attrs={"name": "from"})["value"]}, page=page)

    assert answer.location == f"{page}#mails"


def test_a_mail_that_is_still_on_its_way_cannot_be_sent_again(
    desk: Browser, claim: Claim, committed: Session
) -> None:
    mail = received(committed)
    assert desk.page("/review/mails").select_one("tbody form") is None

    desk.submit(f"/review/mails/{mail.id}/send-again", page="/review/mails")

    assert "This mail is still on its way." in desk.page("/review/mails").main.get_text()
    assert len(committed.scalars(select(Mail)).all()) == 1


def test_a_mail_that_is_not_there_cannot_be_sent_again(desk: Browser) -> None:
    assert desk.submit("/review/mails/1/send-again", page="/review").status_code == 404


def test_the_list_is_filtered_by_state(desk: Browser, claim: Claim, committed: Session, now: datetime) -> None:
    end(received(committed), MailState.SENT, now)
    committed.commit()

    assert len(desk.page("/review/mails?state=sent").select("tbody tr")) == 1
    assert desk.page("/review/mails?state=refused").select_one(".empty")
    assert len(desk.page("/review/mails?state=nonsense").select("tbody tr")) == 1


def test_a_long_list_is_shown_page_by_page(
    desk: Browser, committed: Session, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "PAGE", 2)
    for number in range(5):
        committed.add(
            Mail(
                kind="overdue-digest",
                to_address=f"admin{number}@vendor.example.com",
                language="en",
                state=MailState.QUEUED,
                queued_at=now + timedelta(seconds=number),
                due_at=now,
            )
        )
    committed.commit()

    shown = []
    for page in (1, 2, 3):
        document = desk.page(f"/review/mails?page={page}")
        shown += [cell.get_text() for cell in document.select("tbody td[data-label=To]")]
        assert ("Older" in document.main.get_text()) == (page < 3)

    assert shown == [f"admin{number}@vendor.example.com" for number in (4, 3, 2, 1, 0)]
