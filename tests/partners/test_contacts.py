"""The right contact, which a partner names while the consent period stands still."""

from bs4 import BeautifulSoup
from sqlalchemy import select

from cpor_web import clock
from cpor_web.claims import contacts
from cpor_web.claims.drafts import ContactDraft
from cpor_web.consent import answers, stops
from cpor_web.models import Claim, Invitation, User
from cpor_web.moments import exactly
from cpor_web.rules.statuses import Status
from tests.partners.conftest import Desk, form_of
from tests.partners.pages import address, buttons, text_of
from tests.support import claims
from tests.support.browser import Browser


def stopped(desk: Desk) -> Claim:
    """Return an approved claim whose contact said that they are not the right person."""
    claim: Claim = desk.claim(Status.APPROVED)
    [invitation] = desk.session.scalars(select(Invitation)).all()
    answers.not_the_right_person(desk.session, invitation, now=clock.utcnow(), programme=desk.programme)
    desk.session.commit()
    return claim


def test_no_other_contact_is_asked_for_once_a_reviewer_let_the_time_go_on(browser: Browser, desk: Desk) -> None:
    claim = stopped(desk)
    needed = "Another contact is needed instead of:"
    assert needed in text_of(browser.page(address(claim)))
    [invitation] = desk.session.scalars(select(Invitation)).all()
    how = {"actor": desk.reviewer.actor, "now": clock.utcnow(), "programme": desk.programme}
    invitation.taken_at = clock.utcnow()
    contacts.let_go_on(desk.session, claim, "It was a slip, she writes.", **how)
    desk.session.commit()
    assert needed not in text_of(browser.page(address(claim)))


def test_a_right_contact_is_proposed_while_the_period_stands_still(browser: Browser, desk: Desk) -> None:
    claim = stopped(desk)
    assert "Name another contact" in buttons(browser.page(address(claim)))
    where = address(claim, "contact")
    [old] = claim.contacts
    sent = {
        "seen": claim.version,
        "instead_of": str(old.id),
        "contact_name": "Dan Dahl",
        "contact_email": "dan@contoso.example.com",
        "contact_language": "sv",
    }
    wrong = browser.submit(where, {**sent, "contact_email": "dan"}, page=where)
    assert wrong.status_code == 422
    assert "Dan Dahl" in wrong.text
    assert browser.submit(where, sent, page=where).location == address(claim)
    assert "You proposed Dan Dahl (dan@contoso.example.com)" in text_of(browser.page(address(claim)))


def test_all_that_is_wrong_with_a_contact_is_told_at_once(browser: Browser, desk: Desk) -> None:
    second = ContactDraft("Carlo Conti", "", "carlo@contoso.example.com")
    claim = desk.claim(Status.APPROVED, second=second)
    [invitation, _] = desk.session.scalars(select(Invitation).order_by(Invitation.id)).all()
    stops.stop(desk.session, claim, invitation.round, now=clock.utcnow(), why=stops.DENIED_BY_REPLACED)
    desk.session.commit()
    where = address(claim, "contact")
    answer = browser.submit(where, {"seen": claim.version, "contact_language": "tlh"}, page=where)
    assert answer.status_code == 422
    page = BeautifulSoup(answer.text, "html.parser")
    assert [link["href"] for link in page.select("#error-summary a")] == [
        "#instead_of",
        "#contact_name",
        "#contact_email",
        "#contact_language",
    ]
    assert desk.now_of(claim).proposed_contact is None


def test_who_is_astray_is_preselected_and_named_with_the_reason(browser: Browser, desk: Desk) -> None:
    second = ContactDraft("Carlo Conti", "", "carlo@contoso.example.com")
    claim = desk.claim(Status.APPROVED, second=second)
    [_, invitation] = desk.session.scalars(select(Invitation).order_by(Invitation.id)).all()
    answers.not_the_right_person(desk.session, invitation, now=clock.utcnow(), programme=desk.programme)
    desk.session.commit()
    why = "Carlo Conti (carlo@contoso.example.com): They say that they are not the right person."
    assert why in text_of(browser.page(address(claim)))
    page = browser.page(address(claim, "contact"))
    assert why in text_of(page)
    assert [option.get_text() for option in page.select("#instead_of option")] == ["Carlo Conti"]
    assert "the claim is rejected" not in text_of(page), "no deadline runs before our mail is out"
    stops.set_contact_clock(invitation.round, clock.utcnow(), desk.programme)
    desk.session.commit()
    due = invitation.round.contact_due_at
    assert due is not None
    until = exactly(due, "en", desk.programme.calendar.zone.key)
    told = f"Without a right contact by {until}, the claim is rejected."
    assert told in text_of(browser.page(address(claim, "contact")))
    assert "before the claim can be approved" not in text_of(page), "it is approved"


def test_where_nobody_is_astray_nobody_is_preselected(browser: Browser, desk: Desk) -> None:
    claim = desk.claim(Status.APPROVED, second=ContactDraft("Carlo Conti", "", "carlo@contoso.example.com"))
    [invitation, _] = desk.session.scalars(select(Invitation).order_by(Invitation.id)).all()
    stops.stop(desk.session, claim, invitation.round, now=clock.utcnow(), why=stops.DENIED_BY_REPLACED)
    desk.session.commit()
    offered = browser.page(address(claim, "contact")).select("#instead_of option")
    assert [option.get_text() for option in offered] == ["Choose…", "Carla Conti", "Carlo Conti"]


def test_no_contact_is_proposed_while_the_period_runs(browser: Browser, desk: Desk) -> None:
    claim = desk.claim(Status.APPROVED)
    where = address(claim, "contact")
    sent = {"contact_name": "Dan Dahl", "contact_email": "dan@contoso.example.com", "contact_language": "en"}
    answer = browser.submit(where, {"seen": claim.version, **sent}, page=address(claim))
    assert answer.status_code == 409
    assert "Dan Dahl" in answer.text


def test_after_a_denial_the_form_leaves_who_is_asked_as_it_is_and_says_why(
    browser: Browser, desk: Desk, user: User
) -> None:
    claim = claims.denied(desk.session, desk.programme, filer=user, now=clock.utcnow())
    claims.dispute_and_send_back(desk.session, desk.programme, claim, now=clock.utcnow())
    desk.session.commit()
    why = "The customer contacts stay: they denied, so they are asked again."
    assert why in text_of(browser.page(address(claim)))
    form = browser.page(address(claim, "edit"))
    assert why in text_of(form)
    assert "carla@contoso.example.com" in text_of(form)
    assert "Second customer contact" not in text_of(form), "there is none"
    names = {str(each.get("name")) for each in form.select("form input, form select")}
    assert not {name for name in names if name.startswith(("contact_", "second_"))}
    forged = form_of(claim.partner, contact_email="dora@contoso.example.com", products=["teams"], seen=claim.version)
    assert browser.submit(address(claim, "edit"), forged, page=address(claim, "edit")).status_code == 302
    assert desk.now_of(claim).product_keys == ["teams"]
    assert [contact.email for contact in claim.all_contacts] == ["carla@contoso.example.com"]


def test_another_contact_is_asked_in_the_language_of_who_is_replaced_unless_the_partner_says_otherwise(
    browser: Browser, desk: Desk
) -> None:
    claim = desk.claim(Status.APPROVED, contact=ContactDraft("Carla Conti", "", "carla@contoso.example.com", "sv"))
    [invitation] = desk.session.scalars(select(Invitation)).all()
    answers.not_the_right_person(desk.session, invitation, now=clock.utcnow(), programme=desk.programme)
    desk.session.commit()
    where = address(claim, "contact")
    [preselected] = browser.page(where).select("#contact_language option[selected]")
    assert preselected["value"] == "sv"
    said = {"seen": claim.version, "instead_of": str(claim.contacts[0].id), "contact_language": "nl"}
    again = browser.submit(where, said, page=where)
    [chosen] = BeautifulSoup(again.text, "html.parser").select("#contact_language option[selected]")
    assert chosen["value"] == "nl"
