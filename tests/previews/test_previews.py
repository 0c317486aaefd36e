"""Previews show the very pages and mails, with invented facts; nothing in them works."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import cycle

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy.orm import Session

from cpor_web.consent.standing import LinkState
from cpor_web.emails.links import Purpose, Signers
from cpor_web.paths import TEMPLATES
from cpor_web.previews.standings import STATES, Stage
from cpor_web.previews.variants import VARIANTS
from cpor_web.programme import Programme
from cpor_web.rules.languages import LANGUAGES
from cpor_web.rules.roles import Role
from cpor_web.samples.mails import SPECIMENS, kind_of
from tests.support import factories
from tests.support.browser import Browser
from tests.support.rows import changed, dump

NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)


@pytest.fixture
def reviewer(client: Browser, committed: Session, sign_in: Callable[..., Browser]) -> Browser:
    user = factories.user(committed, Role.REVIEWER)
    committed.commit()
    return sign_in(client, user)


def test_every_state_of_a_link_and_every_page_has_a_preview(programme: Programme) -> None:
    invented = [state.invent(Stage(NOW, programme)).state for state in STATES.values()]
    pages = {page.relative_to(TEMPLATES).as_posix() for page in (TEMPLATES / "customers").glob("[a-z]*.html")}

    assert set(invented) == set(LinkState)
    assert {state.template for state in STATES.values()} == pages


def test_every_variant_of_a_mail_is_told_from_the_others_in_words() -> None:
    assert set(VARIANTS) == {name for name in SPECIMENS if "--" in name}
    assert len({(kind_of(name), words) for name, words in VARIANTS.items()}) == len(VARIANTS)


def test_a_preview_is_the_customers_page_with_buttons_that_do_nothing(reviewer: Browser, committed: Session) -> None:
    before = dump(committed)
    for state, language in zip([*STATES, *STATES], cycle(LANGUAGES)):
        page = reviewer.page(f"/review/preview/{state}?lang={language}")
        assert page.html
        assert page.html["lang"] == language
        assert page.select_one(".notice[role=note]"), "it does not say that it is a preview"
        assert all(button.find_parent("fieldset", disabled=True) for button in page.select("main button"))
        addresses = [str(tag.get("action") or tag.get("href") or "") for tag in page.select("main [action], main a")]
        assert not [each for each in addresses if each[:3] in {f"/{purpose.value}/" for purpose in Purpose}]
    committed.rollback()

    assert changed(before, dump(committed)) == []


def test_no_preview_says_of_a_state_what_another_says(reviewer: Browser) -> None:
    def told(state: str) -> str:
        main = reviewer.page(f"/review/preview/{state}").main
        assert main
        for each in main.select(".notice[role=note]"):
            each.extract()
        return main.get_text()

    assert len({told(state) for state in STATES}) == len(STATES)


def test_the_open_page_shows_what_a_customer_can_press(reviewer: Browser) -> None:
    buttons = [each.get_text(strip=True) for each in reviewer.page("/review/preview/open").select("main button")]

    assert buttons == ["Deny this association", "I have no objection", "I am not the right person"]


def test_sending_the_form_of_a_preview_does_nothing(reviewer: Browser, committed: Session) -> None:
    before = dump(committed)

    assert reviewer.post("/review/preview/open", data={"reason": "other"}).status_code in {400, 405}
    committed.rollback()
    assert changed(before, dump(committed)) == []


def test_previews_are_for_the_operators_people_alone(
    client: Browser, committed: Session, sign_in: Callable[..., Browser]
) -> None:
    paths = ("/review/preview", "/review/preview/open", "/review/preview/mails/approved")
    assert {client.get(path).status_code for path in paths} == {302}

    user = factories.user(committed, Role.GLOBAL_ADMIN)
    committed.commit()
    sign_in(client, user)
    assert {client.get(path).status_code for path in paths} == {404}


def test_the_overview_leads_to_every_preview(reviewer: Browser) -> None:
    page = reviewer.page("/review/preview")
    links = {str(link["href"]) for link in page.select("main section a")}

    assert links == {f"/review/preview/{state}" for state in STATES} | {
        f"/review/preview/mails/{name}" for name in SPECIMENS
    }


def test_every_mail_can_be_read_as_text_and_as_html_in_every_language(reviewer: Browser) -> None:
    for name, language in zip(SPECIMENS, cycle(LANGUAGES)):
        path = f"/review/preview/mails/{name}"
        page, html = reviewer.page(f"{path}?lang={language}"), reviewer.get(f"{path}/html?lang={language}")

        assert page.select_one("pre").get_text()  # type: ignore[union-attr]
        assert html.status_code == 200
        assert BeautifulSoup(html.text, "html.parser").html["lang"] == language  # type: ignore[index]


def test_the_html_of_a_mail_runs_nothing_and_loads_nothing(reviewer: Browser) -> None:
    policy = reviewer.get("/review/preview/mails/approved/html").headers["Content-Security-Policy"]

    within = "style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
    assert policy == f"default-src 'none'; {within}; sandbox"


def test_no_link_in_a_previewed_mail_works(app: Flask) -> None:
    signers: Signers = app.extensions["signers"]
    tokens = [url.rpartition("/")[2] for _context, links in SPECIMENS.values() for url in links.values() if url]

    assert tokens
    assert not [token for token in tokens for purpose in Purpose if signers.read(purpose, token)]
