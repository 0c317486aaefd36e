"""What came back by mail, as reviewers see it."""

from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from cpor_web.claims import operations
from cpor_web.emails.returns import ReturnAddresses
from cpor_web.incoming import queries, receiving, retention, settling
from cpor_web.incoming.diagnoses import OTHER_RECIPIENT
from cpor_web.models import Claim, Mail, ReceivedMail, User
from cpor_web.programme import Programme
from cpor_web.rules.roles import Role
from tests.reviewers.pages import form_with, labelled
from tests.support import claims, factories
from tests.support.browser import Browser
from tests.support.claims import invitations_of, mail_of
from tests.support.returned_mail import BACK, out_of_office, reply, report

KIM = "kim@contoso.example.com"


@pytest.fixture
def asked(under_review: Claim, committed: Session, reviewer: User, programme: Programme, now: datetime) -> Claim:
    """The claim, approved by its reviewer; the customer's notice is out."""

    operations.approve(committed, under_review, actor=reviewer.actor, now=now, programme=programme)
    (invitation,) = invitations_of(committed, under_review)
    claims.take_notice(committed, programme, invitation, now=now)
    committed.commit()
    return under_review


@pytest.fixture
def notice(asked: Claim, committed: Session) -> Mail:
    return mail_of(committed, asked, "consent-notice")


class Postman:
    def __init__(self, app: Flask, session: Session, programme: Programme, now: datetime) -> None:
        self.returns = ReturnAddresses(app.extensions["settings"].consent_keys, BACK)
        self.session, self.programme, self.now = session, programme, now

    def bring(self, raw: bytes) -> ReceivedMail:
        """Let a mail come in, and what follows from it happen."""
        received = receiving.receive(self.session, raw, returns=self.returns, now=self.now)
        settling.settle(self.session, received.id, now=self.now, programme=self.programme)
        self.session.commit()
        return received


@pytest.fixture
def postman(app: Flask, committed: Session, programme: Programme, now: datetime) -> Postman:
    return Postman(app, committed, programme, now)


def test_where_nothing_came_the_page_says_so(desk: Browser) -> None:
    assert "Nothing to look at." in desk.page("/review/received").select_one(".empty").get_text()
    assert desk.page("/review/mails").find("a", string="Received mail")["href"] == "/review/received"


def test_what_a_person_should_look_at_comes_first_and_all_can_be_seen(
    desk: Browser, asked: Claim, notice: Mail, postman: Postman
) -> None:
    signed = postman.returns.address(notice.id)
    postman.bring(reply(KIM, "Who are they?", answers=notice.message_id or ""))
    postman.bring(report(signed, "another@contoso.example.com"))
    postman.bring(out_of_office(KIM, to=BACK, answers=notice.message_id or ""))
    postman.bring(reply("sales@adatum.example.org", "Buy now."))
    postman.bring(report(signed, KIM, action="delayed", status="4.4.1"))
    postman.bring(report(signed, KIM, diagnostic="smtp; 550 5.1.1 Kim has left"))

    rows = [row.get_text(" ") for row in desk.page("/review/received").select("tbody tr")]
    assert len(rows) == 2
    assert OTHER_RECIPIENT in rows[0]
    for words in ("A person's reply", "Who are they?", "Consent notice", asked.reference):
        assert words in rows[1], rows[1]

    def shown(kind: str) -> list[str]:
        return [row.get_text(" ") for row in desk.page(f"/review/received?kind={kind}").select("tbody tr")]

    assert len(shown("everything")) == 6
    assert "5.1.1 550 5.1.1 Kim has left" in shown("hard-bounce")[0]
    assert "4.4.1" in shown("soft-bounce")[0]
    assert len(shown("automatic")) == 2
    assert "About no mail of ours" in shown("unrelated")[0]
    assert "Buy now." not in shown("unrelated")[0]
    assert len(shown("nonsense")) == 2


def test_a_mail_can_be_saved_as_it_came_but_never_shown_until_it_is_erased(
    desk: Browser, asked: Claim, notice: Mail, postman: Postman, committed: Session
) -> None:
    raw = reply("sales@adatum.example.org", "<script>alert(1)</script>")
    address = f"/review/received/{postman.bring(raw).id}"
    answer = desk.get(address)
    assert answer.data == raw
    assert answer.content_type == "text/plain", "nobody knows the charset of a mail as it came"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"

    assert retention.erase_due(committed, days=0, now=postman.now, most=9) == 1
    committed.commit()
    assert desk.get(address).status_code == 404
    row = desk.page("/review/received?kind=everything").select_one("tbody tr")
    assert "erased" in row.get_text()
    assert row.find("a") is None


@pytest.mark.parametrize("path", ["/review/received", "/review/received/1"])
def test_a_partner_sees_none_of_it(client: Browser, sign_in: object, committed: Session, path: str) -> None:
    ines = factories.user(committed, Role.GLOBAL_ADMIN)
    committed.commit()
    sign_in(client, ines)  # type: ignore[operator]
    assert client.get(path).status_code == 404


def test_a_reply_is_read_on_the_claims_page_and_its_words_are_the_evidence(
    desk: Browser, asked: Claim, notice: Mail, postman: Postman, committed: Session
) -> None:
    first = postman.bring(reply(KIM, "<b>Who</b> are they?", answers=notice.message_id or ""))
    postman.bring(reply("robin@contoso.example.com", "We never met.", answers=notice.message_id or ""))
    page = desk.page(f"/review/{asked.reference}")
    quoted = [quote.get_text() for quote in page.select("figure blockquote")]
    assert quoted == ["<b>Who</b> are they?", "We never met."]
    assert page.select_one("figure figcaption").get_text().startswith(KIM)
    assert page.select_one("figure a")["href"] == f"/review/received/{first.id}"
    form = form_with(page, "Record the reply")
    evidence = form.find("textarea", attrs={"name": labelled(form, "The words of the reply")})
    assert evidence.get_text().strip() == "<b>Who</b> are they?\n\nWe never met."


def test_a_reply_that_came_after_the_page_was_opened_holds_the_closing_still(
    desk: Browser, asked: Claim, notice: Mail, postman: Postman, committed: Session
) -> None:
    postman.bring(reply(KIM, "Who are they?", answers=notice.message_id or ""))
    page = desk.page(f"/review/{asked.reference}")
    postman.bring(reply(KIM, "We never met.", answers=notice.message_id or ""))
    form = form_with(page, "Record the reply")
    says = next(field["name"] for field in form("input", type="radio"))
    words = labelled(form, "The words of the reply")
    hidden = {field["name"]: field["value"] for field in form("input", type="hidden")}
    answer = desk.post(form["action"], data={**hidden, says: "does-not-deny", words: "Who are they?"})
    assert answer.status_code == 302
    (invitation,) = invitations_of(committed, asked)
    assert invitation.round.reply_at is not None
    page = desk.page(f"/review/{asked.reference}")
    assert [quote.get_text() for quote in page.select("figure blockquote")] == ["We never met."]


def test_a_long_list_is_shown_page_by_page(desk: Browser, postman: Postman, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "PAGE", 2)
    for number in range(3):
        postman.bring(reply("sales@adatum.example.org", f"Buy {number}."))
    first = desk.page("/review/received?kind=everything")
    second = desk.page(first.find("a", rel="next")["href"])
    assert [len(page.select("tbody tr")) for page in (first, second)] == [2, 1]
    assert second.find("a", rel="next") is None
    assert "kind=everything" in second.find("a", rel="prev")["href"]


@pytest.mark.parametrize("words", ["552 mailbox 100% full", "552 <b>50 %s full</b> &amp; more"])
def test_a_reports_words_are_a_strangers_whatever_they_are(
    desk: Browser, postman: Postman, notice: Mail, words: str
) -> None:
    postman.bring(report(postman.returns.address(notice.id), KIM, diagnostic=f"smtp; {words}"))
    said = desk.page("/review/received?kind=hard-bounce").select_one('td[data-label="What it says"]')
    assert said is not None
    assert said.get_text() == f"5.1.1 {words}"
