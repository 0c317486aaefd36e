from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.claims import queries
from cpor_web.models import Claim, Event, Mail, MailState, User
from cpor_web.programme import Programme
from tests.support import claims
from tests.support.browser import Browser


def end(mail: Mail, state: MailState, now: datetime, answer: str = "") -> None:
    """Let a mail reach its end, as a worker would."""
    mail.state, mail.answer, mail.due_at = state, answer, None
    mail.sent_at = now if state is MailState.SENT else None
    mail.bounced_at = now if state is MailState.BOUNCED else None
    mail.message_id, mail.ended_at = "<1@vendor.example.com>", now


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
        row = desk.page(path).select_one("table tbody tr").get_text()
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
    after = desk.page(page)
    assert "The mail is queued once more." in after.select_one("[aria-labelledby=mails]").get_text()
    assert after.select_one(".messages") is None, "it is told where the button was, and only there"


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

    shown, document = [], desk.page("/review/mails")
    for is_last in (False, False, True):
        shown += [cell.get_text() for cell in document.select("tbody td[data-label=To]")]
        further = document.find("a", rel="next")
        assert (further is None) == is_last
        document = desk.page(further["href"]) if further else document
    assert document.find("a", rel="prev")

    assert shown == [f"admin{number}@vendor.example.com" for number in (4, 3, 2, 1, 0)]


# What needs a person


def needing(desk: Browser) -> list[str]:
    return [
        row.th.get_text(" ").strip() for row in desk.page("/review/mails?state=needs-a-person").select("tbody tr")
    ]


def button(desk: Browser, words: str) -> Any:
    page = desk.page("/review/mails?state=needs-a-person")
    (form,) = [form for form in page.select("tbody form") if form.button.get_text() == words]
    return form


def waiting(desk: Browser) -> str:
    (link,) = [link for link in desk.page("/review").select("nav a") if link.get_text().startswith("Mails")]
    return " ".join(link.get_text().split())


@pytest.mark.parametrize("state", MailState)
def test_what_surely_or_perhaps_did_not_get_through_needs_a_person(
    desk: Browser, claim: Claim, committed: Session, now: datetime, state: MailState
) -> None:
    mail = received(committed)
    if state not in {MailState.QUEUED, MailState.DEFERRED, MailState.SENDING}:
        end(mail, state, now)
        committed.commit()
    failed = state in {MailState.REFUSED, MailState.UNKNOWN, MailState.BOUNCED}
    assert len(needing(desk)) == failed
    assert waiting(desk) == ("Mails 1 needs a person" if failed else "Mails")


def test_what_was_called_back_needs_nobody(desk: Browser, claim: Claim, committed: Session, now: datetime) -> None:
    end(received(committed), MailState.REFUSED, now, "called back: another contact is asked instead")
    received(committed).message_id = None
    committed.commit()
    assert needing(desk) == []


@pytest.mark.parametrize(("words", "event"), [("Done", "mail:dealt-with"), ("Send again", "mail:sent-again")])
def test_done_and_send_again_settle_it_and_say_who_did(
    desk: Browser, claim: Claim, committed: Session, reviewer: User, now: datetime, words: str, event: str
) -> None:
    mail = received(committed)
    end(mail, MailState.BOUNCED, now)
    committed.commit()
    form = button(desk, words)
    sent = {field["name"]: field["value"] for field in form.select("input[name=from]")}

    answer = desk.submit(form["action"], sent, page="/review/mails?state=needs-a-person")

    assert answer.location == "/review/mails?state=needs-a-person"
    assert needing(desk) == []
    committed.refresh(mail)
    assert mail.dealt_with_by_id == reviewer.id
    assert committed.scalars(select(Event).where(Event.kind == event)).one().user_id == reviewer.id
    assert "Dealt with" in desk.page("/review/mails?state=bounced").main.get_text()


def test_an_older_list_sends_nothing_again_that_somebody_has_dealt_with(
    desk: Browser, claim: Claim, committed: Session, now: datetime
) -> None:
    end(received(committed), MailState.BOUNCED, now)
    committed.commit()
    form = button(desk, "Send again")
    sent = {field["name"]: field["value"] for field in form("input", type="hidden")}
    done = button(desk, "Done")
    desk.post(done["action"], data={field["name"]: field["value"] for field in done("input", type="hidden")})

    answer = desk.post(form["action"], data=sent)

    assert "Somebody has dealt with this mail meanwhile." in desk.page(answer.location).main.get_text()
    assert len(committed.scalars(select(Mail)).all()) == 1


@pytest.mark.parametrize("state", ["bounced", "needs-a-person", ""])
def test_a_button_in_a_filtered_list_leads_back_to_that_list(
    desk: Browser, claim: Claim, committed: Session, now: datetime, state: str
) -> None:
    end(received(committed), MailState.BOUNCED, now)
    committed.commit()
    path = f"/review/mails?state={state}" if state else "/review/mails"
    form = desk.page(path).select_one("tbody form")
    sent = {field["name"]: field["value"] for field in form("input", type="hidden")}

    assert desk.post(form["action"], data=sent).location == path


def test_done_twice_is_done_once_and_what_did_not_fail_is_not_done(
    desk: Browser, claim: Claim, committed: Session, now: datetime
) -> None:
    mail = received(committed)
    path = f"/review/mails/{mail.id}/done"
    desk.submit(path, page="/review/mails")
    assert "This mail has not failed." in desk.page("/review/mails").main.get_text()
    end(mail, MailState.UNKNOWN, now)
    committed.commit()
    for _ in range(2):
        desk.submit(path, page="/review/mails")
    assert len(committed.scalars(select(Event).where(Event.kind == "mail:dealt-with")).all()) == 1


def test_a_notice_of_an_asking_that_is_over_needs_nobody(
    desk: Browser, committed: Session, programme: Programme, now: datetime
) -> None:
    claim = claims.running(committed, programme, now=now)
    notice = claims.mail_of(committed, claim, "consent-notice")
    end(notice, MailState.BOUNCED, now)
    (invitation,) = claims.invitations_of(committed, claim)
    committed.commit()
    assert len(needing(desk)) == 1
    invitation.superseded_at = now
    committed.commit()
    assert needing(desk) == []


def test_the_list_of_all_mails_leads_to_those_that_need_a_person(
    desk: Browser, claim: Claim, committed: Session, now: datetime
) -> None:
    assert desk.page("/review/mails").select_one("main .notice") is None
    end(received(committed), MailState.REFUSED, now)
    committed.commit()

    lead = desk.page("/review/mails").select_one("main .notice a")

    assert lead.get_text() == "1 mail needs a person"
    theirs = desk.page(lead["href"])
    assert len(theirs.select("tbody tr")) == 1
    assert "“Done” takes a mail off this list" in theirs.main.get_text()
    assert theirs.select_one("main .notice") is None


def test_a_reviewer_reads_what_a_partner_was_mailed_and_never_what_a_customer_was(
    desk: Browser, committed: Session, programme: Programme
) -> None:
    claim = claims.running(committed, programme)
    asked, told = (claims.mail_of(committed, claim, kind) for kind in ("consent-notice", "approved"))
    committed.commit()
    theirs, ours = (f"/review/{claim.reference}/mails/{mail.id}" for mail in (asked, told))

    for page in (desk.page("/review/mails"), desk.page(f"/review/{claim.reference}")):
        assert page.select_one(f'a[href="{ours}"]')
        assert page.select_one(f'a[href="{theirs}"]') is None

    assert "Your claim is approved." in desk.page(ours).find("pre").get_text()
    page = desk.page(theirs)
    assert "a link that is theirs alone" in page.main.get_text()
    assert page.find("pre") is None
