"""What every page has around it: navigation by role, fields that say their hint and error, deadlines explained."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from bs4 import BeautifulSoup
from flask import Flask, render_template_string, url_for
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from wtforms import BooleanField, FileField, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired
from wtforms.widgets import CheckboxInput, ListWidget

from cpor_web.rules import deadlines
from cpor_web.rules.deadlines import Calendar
from cpor_web.rules.roles import Role
from cpor_web.web.explained import how_computed
from cpor_web.web.pages import asking
from tests.support import factories, page_checker
from tests.support.browser import Browser

NAVIGATION = {
    Role.GLOBAL_ADMIN: ["Customer associations", "Earnings", "Team"],
    Role.BILLING_ADMIN: ["Customer associations", "Earnings", "Team"],
    Role.INCENTIVES_ADMIN: ["Customer associations", "Earnings", "Team"],
    Role.VIEWER: ["Customer associations", "Earnings", "Team"],
    Role.REVIEWER: ["Review queue", "Mails", "Figures"],
    Role.ADMINISTRATOR: ["Review queue", "Mails", "Figures", "Administration"],
}


@pytest.mark.parametrize("role", sorted(NAVIGATION))
def test_the_navigation_leads_to_what_a_role_may_open(
    client: Browser, committed: Session, sign_in: Callable[..., Browser], role: Role
) -> None:
    user = factories.user(committed, role, name="Astrid Åberg")
    committed.commit()
    sign_in(client, user)
    page = client.page(client.get("/").location)
    places = page.find("nav", attrs={"aria-label": "Main"})("a")
    assert [place.get_text() for place in places] == NAVIGATION[role]
    assert [place.get_text() for place in places if place.get("aria-current")] == NAVIGATION[role][:1]
    assert all(client.get(place["href"]).status_code == 200 for place in places)
    assert "Astrid Åberg" in page.header.get_text()
    assert page.header.find("button").get_text() == "Sign out"


@pytest.mark.parametrize("path", ["/review/mails", "/review/received", "/review/preview"])
def test_all_about_mails_is_within_mails(
    client: Browser, committed: Session, sign_in: Callable[..., Browser], path: str
) -> None:
    user = factories.user(committed, Role.REVIEWER)
    committed.commit()
    sign_in(client, user)
    places = client.page(path).find("nav", attrs={"aria-label": "Main"})("a")
    assert [place.get_text() for place in places if place.get("aria-current")] == ["Mails"]


@pytest.mark.parametrize(
    ("role", "within"), [(Role.ADMINISTRATOR, "Administration"), (Role.GLOBAL_ADMIN, "Team")], ids=str
)
def test_a_persons_page_is_within_the_list_of_people(
    client: Browser, committed: Session, sign_in: Callable[..., Browser], role: Role, within: str
) -> None:
    user = factories.user(committed, role)
    colleague = factories.user(committed, Role.VIEWER, partner=user.partner or factories.user(committed).partner)
    committed.commit()
    sign_in(client, user)
    places = client.page(f"/people/{colleague.id}").find("nav", attrs={"aria-label": "Main"})("a")
    assert [place.get_text() for place in places if place.get("aria-current")] == [within]


def test_the_top_of_a_page_is_kept_without_whose_it_is(
    app: Flask, client: Browser, committed: Session, sign_in: Callable[..., Browser]
) -> None:
    first = factories.user(committed, Role.VIEWER, name="Astrid <Åberg>")
    second = factories.user(committed, Role.VIEWER, name="Bo Berg")
    committed.commit()
    sign_in(client, first)
    sign_in(other := app.test_client(), second)

    def top(browser: Browser) -> str:
        words: str = browser.page("/team").header.get_text(" ", strip=True)
        return words

    assert first.partner is not None
    assert second.partner is not None
    for _again in range(2):
        assert f"Your account: Astrid <Åberg> {first.partner.name} Sign out" in top(client)
        assert f"Your account: Bo Berg {second.partner.name} Sign out" in top(other)
    tokens = {browser.page("/team").header.find("input")["value"] for browser in (client, other)}
    kept = "".join(piece for pieces in app.extensions["lines"]._kept.values() for piece in pieces)
    assert "Your account:" in kept
    assert not [
        each for each in ("Åberg", "Bo Berg", first.partner.name, second.partner.name, *tokens) if each in kept
    ]

    first.name, first.language, first.partner.name = "Astrid Ek", "de", "Another Partner"
    committed.commit()
    assert "Ihr Konto: Astrid Ek Another Partner Abmelden" in top(client)
    assert "Your account: Bo Berg" in top(other)
    client.submit("/logout", page="/team")
    assert "Konto" not in client.page("/login").header.get_text()


@pytest.mark.parametrize("typed", ["", "a b", "Åkerö & Söner", "100%", "it's <(a+b)*c>; d=e?/f:g@h,i!$", "x\r\ny"])
def test_the_address_of_a_page_that_is_asked_for_something_is_as_flask_writes_it(app: Flask, typed: str) -> None:
    asked = {"search": typed, "status": None, "area": "azure"}
    with app.test_request_context():
        assert asking(url_for("partners.dashboard"), asked) == url_for("partners.dashboard", **asked)
        assert asking("/claims", {"search": None}) == "/claims"


def test_strangers_see_no_navigation(client: Browser) -> None:
    page = client.page("/login")
    assert page.find("nav") is None
    assert page.header.find("button") is None


class Everything(FlaskForm):
    name = StringField("Claim name", [InputRequired("Give the claim a name.")], description="As you call it.")
    body = TextAreaField("Comment")
    area = SelectField("Solution area", choices=[SelectChoice("a", "Area A", optgroup="Areas")])
    products = SelectMultipleField(
        "Products",
        [InputRequired("Choose a product.")],
        choices=[
            SelectChoice("p", "Teams", optgroup="Microsoft 365"),
            SelectChoice("q", "Sales", optgroup="Business"),
        ],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    reason = RadioField("Reason", [InputRequired("Choose a reason.")], choices=[SelectChoice("x", "Other")])
    sure = BooleanField("I am sure")
    document = FileField("Document")


def _form(app: Flask, data: dict[str, str] | None) -> BeautifulSoup:
    template = (
        '{% extends "_base.html" %}{% from "_fields.html" import field, error_summary, csrf, submit %}'
        "{% block title %}Try{% endblock %}{% block content %}{{ error_summary(form) }}"
        '<form method="post">{{ csrf() }}{% for f in form if f.name != "csrf_token" %}{{ field(f) }}{% endfor %}'
        '{{ submit("Save") }}</form>{% endblock %}'
    )
    with app.test_request_context(method="POST" if data is not None else "GET", data=data):
        form = Everything(meta={"csrf": False})
        if data is not None:
            form.validate()
        html = render_template_string(template, form=form)
    page_checker.check(html, "a form with everything")
    return BeautifulSoup(html, "html.parser")


def test_every_kind_of_field_has_its_label(app: Flask) -> None:
    page = _form(app, None)
    assert [legend.get_text() for legend in page("legend")] == ["Products", "Reason"]
    assert page.find("label", string="Teams")["for"] == page.find("input", value="p")["id"]
    groups = [group.get_text(strip=True) for group in page(class_="option-group__name")]
    assert groups == ["Microsoft 365", "Business"]
    assert page.find("optgroup")["label"] == "Areas"
    assert page.find(id="name")["aria-describedby"] == "name-hint"
    assert not page.find("input", value="p").has_attr("required")
    assert page.find(class_="error-summary") is None


def test_errors_are_said_with_their_field_and_lead_to_it(app: Flask) -> None:
    page = _form(app, {"area": "a", "body": "what was typed <b>"})
    name = page.find(id="name")
    assert name["aria-invalid"] == "true"
    assert name["aria-describedby"] == "name-hint name-error"
    assert page.find(id="name-error").get_text(strip=True).endswith("Give the claim a name.")
    assert page.find("fieldset", id="products")["aria-describedby"] == "products-error"
    assert [link["href"] for link in page.find(class_="error-summary")("a")] == ["#name", "#products-0", "#reason-0"]
    assert page.find(id="body").get_text(strip=True) == "what was typed <b>"


CALENDAR = Calendar(ZoneInfo("Europe/Berlin"), days_off={date(2026, 12, 25): "Christmas Day"})


def _sentences(app: Flask, deadline: deadlines.Deadline) -> list[str]:
    with app.test_request_context():
        return how_computed(deadline.rule)


def test_business_days_are_explained_with_what_was_not_counted(app: Flask) -> None:
    start = datetime(2026, 12, 22, 9, 30, tzinfo=UTC)
    told = _sentences(app, deadlines.business_days("partner", start, 3, CALENDAR))
    assert told == [
        "The clock started when the mail server took the mail that told of it: "
        "Tuesday, 22 December 2026, 10:30:00 CET.",
        "It runs for 3 business days; the day on which it started is not counted.",
        "Not counted, for nobody works then: Friday, 25 December 2026 (Christmas Day); "
        "Saturday, 26 December 2026 (weekend); Sunday, 27 December 2026 (weekend).",
        "It ends with the last second of Monday, 28 December 2026 in the time zone Europe/Berlin.",
    ]


@pytest.mark.parametrize(
    ("period", "event"),
    [
        ("resubmitted", "the claim was resubmitted"),
        ("contact", "the mail server took the mail that asked for a right contact"),
        ("undo", "the denial was undone"),
    ],
)
def test_every_clock_says_by_what_it_started(app: Flask, period: str, event: str) -> None:
    start = datetime(2026, 12, 22, 9, 30, tzinfo=UTC)
    told = _sentences(app, deadlines.business_days(period, start, 3, CALENDAR))
    assert told[0] == f"The clock started when {event}: Tuesday, 22 December 2026, 10:30:00 CET."


def test_a_day_added_to_make_the_days_full_is_explained(app: Flask) -> None:
    taken = datetime(2026, 3, 22, 22, 59, 59, 500_000, tzinfo=UTC)
    told = _sentences(app, deadlines.consent_end(taken, 7, CALENDAR))
    assert any(sentence.startswith("One day was added") for sentence in told)


def test_a_trial_run_in_fractions_of_days_is_explained(app: Flask) -> None:
    told = _sentences(app, deadlines.consent_end(datetime(2026, 3, 2, tzinfo=UTC), 0.01, CALENDAR))
    assert told[1] == "It runs for exactly 0.01 days."


@pytest.mark.parametrize(("used", "start"), [(0, "The whole decision would be"), (9, "This stage alone would")])
def test_what_comes_first_is_explained(app: Flask, used: int, start: str) -> None:
    since = datetime(2026, 11, 2, 9, tzinfo=UTC)
    stage = deadlines.business_days("review", since, 5, CALENDAR)
    told = _sentences(app, deadlines.operator_due(stage, since, used, 10, CALENDAR))
    assert told[-1].startswith(start)
