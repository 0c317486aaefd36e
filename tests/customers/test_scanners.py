"""Programs that open a mail's links, run what is there and press its buttons: none of them decides anything."""

from collections.abc import Callable, Iterator, Mapping

import pytest
from bs4 import Tag

from cpor_web.emails.links import Purpose
from cpor_web.models import Opening
from cpor_web.previews.standings import STATES
from cpor_web.rules.roles import Role
from tests.customers.conftest import Asked, Deny
from tests.support import factories
from tests.support.browser import Browser
from tests.support.person import Sheet
from tests.support.rows import changed, dump

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
)
HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
IMAGES = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
OUTLOOK = "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Win64; x64; ms-office; MSOffice 16)"
APPLE = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
GOOGLE_IMAGES = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
TEAMS = "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com"

CLIENTS: Mapping[str, Mapping[str, str]] = {
    "Safe Links": {"User-Agent": CHROME, "Accept": HTML, "X-Forwarded-For": "40.94.20.8", "Accept-Language": "en"},
    "Safe Links, as Internet Explorer": {"User-Agent": "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1)"},
    "Proofpoint": {"User-Agent": f"{CHROME} Proofpoint URL Defense", "Accept": "*/*", "Referer": "https://urldefense.com/"},
    "Mimecast": {"User-Agent": CHROME, "Accept": HTML, "Via": "1.1 mimecast", "X-Mimecast-Spam-Score": "0"},
    "Barracuda": {"User-Agent": f"{CHROME} BarracudaLinkProtect/2", "Accept": "*/*", "Connection": "close"},
    "Cisco": {"User-Agent": "IronPort/15.0", "Accept": "*/*"},
    "a scanner that hides what it is": {"User-Agent": "", "Accept": "*/*"},
    "Google's image proxy": {"User-Agent": GOOGLE_IMAGES, "Accept": IMAGES},
    "Apple Mail": {"User-Agent": APPLE, "Accept": HTML, "Accept-Language": "de-DE"},
    "Apple's preview of a link": {"User-Agent": f"{APPLE} facebookexternalhit/1.1 Facebot Twitterbot/1.0"},
    "Slack": {"User-Agent": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", "Range": "bytes=0-32768"},
    "Slack's images": {"User-Agent": "Slack-ImgProxy (+https://api.slack.com/robots)", "Accept": IMAGES},
    "Teams": {"User-Agent": TEAMS, "Accept": HTML},
    "WhatsApp": {"User-Agent": "WhatsApp/2.24.20.89 A", "Range": "bytes=0-524287"},
    "Outlook": {"User-Agent": OUTLOOK, "UA-CPU": "AMD64", "Accept": "*/*"},
    "Office asks what may be done": {"User-Agent": "Microsoft Office Existence Discovery", "Translate": "f"},
    "headless Chrome": {"User-Agent": CHROME.replace("Chrome", "HeadlessChrome"), "Sec-Fetch-Mode": "navigate"},
    "Chrome, ahead of a click": {"User-Agent": CHROME, "Purpose": "prefetch", "Sec-Purpose": "prefetch;prerender"},
    "Chrome, by a proxy": {"User-Agent": CHROME, "Sec-Purpose": "prefetch;anonymous-client-ip"},
    "Firefox, ahead of a click": {"User-Agent": "Mozilla/5.0 (X11; Linux) Firefox/132.0", "X-Moz": "prefetch"},
    "Safari, for its first page": {"User-Agent": f"{APPLE} Safari/605.1.15", "X-Purpose": "preview"},
    "another site": {"User-Agent": CHROME, "Origin": "https://evil.example.org", "Sec-Fetch-Site": "cross-site"},
    "one that would override the method": {"User-Agent": CHROME, "X-HTTP-Method-Override": "POST"},
    "curl": {"User-Agent": "curl/8.11.0", "Accept": "*/*", "Cookie": "cpor=stolen; session=1"},
    "a script": {"User-Agent": "python-requests/2.32.3", "If-None-Match": '"x"', "Accept-Encoding": "gzip"},
}  # fmt: skip
VISITS = 4
assert len(CLIENTS) * VISITS == 100


@pytest.fixture(params=["running", "replaced", "denied", "asked again"])
def ripe(request: pytest.FixtureRequest, asked: Asked, deny: Deny) -> Asked:
    """A contact in one of the states in which a link can do something: each link has one in which it can."""
    if request.param == "denied":
        deny(asked)
    elif request.param == "asked again":
        again: Asked = request.getfixturevalue("asked_again")
        return again
    elif request.param == "replaced":
        asked.invitation.superseded_at = asked.invitation.round.opened_at
        asked.session.commit()
    return asked


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_whoever_opens_a_link_a_hundred_times_changes_nothing(
    ripe: Asked, customer: Browser, purpose: Purpose, method: str
) -> None:
    before, opened = ripe.rows(), len(ripe.openings())

    for _ in range(VISITS):
        for client, headers in CLIENTS.items():
            response = customer.open(ripe.path(purpose), method=method, headers=headers)
            assert "Set-Cookie" not in response.headers, client
            assert response.status_code == (405 if purpose is Purpose.ONE_CLICK and method != "OPTIONS" else 200)

    assert ripe.rows() == before
    assert len(ripe.openings()) == opened + 100


def pressed(browser: Browser, path: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield what a program sends that submits every form of a page as it finds it, with and without its buttons."""
    for form in browser.page(path)("form"):
        assert isinstance(form, Tag)
        found = dict(Sheet(form).controls())
        for button in [None, *form("button")]:
            named = {str(button["name"]): str(button.get("value", ""))} if button and button.get("name") else {}
            yield str(form["action"]), found | named


@pytest.mark.parametrize("purpose", [Purpose.DENY, Purpose.UNDO, Purpose.YES])
def test_a_program_that_presses_every_button_has_chosen_nothing(
    ripe: Asked, customer: Browser, purpose: Purpose
) -> None:
    before = ripe.rows()

    answers = [customer.post(address, data=sent) for address, sent in pressed(customer, ripe.path(purpose))]

    assert {answer.status_code for answer in answers} <= {422}
    assert all("There is a problem" in answer.text for answer in answers)
    assert ripe.rows() == before


def test_a_program_that_presses_every_language_has_said_nothing(ripe: Asked, customer: Browser) -> None:
    page, before = customer.page(ripe.path()), ripe.rows()

    for button in page.select("nav.languages li button"):
        sent = {"reason": "other", "words": "x", str(button["name"]): str(button["value"])}
        assert customer.post(str(button["formaction"]), data=sent).status_code == 200

    assert ripe.rows() == before


def test_there_are_buttons_for_it_to_press(asked: Asked, asked_again: Asked, customer: Browser, deny: Deny) -> None:
    def forms(of: Asked, purpose: Purpose) -> int:
        return len(customer.page(of.path(purpose))("form"))

    assert forms(asked, Purpose.DENY) == 3
    assert forms(asked_again, Purpose.DENY) == 3
    assert forms(asked_again, Purpose.YES) == 1
    deny(asked)
    assert forms(asked, Purpose.UNDO) == 1


def test_previews_that_are_opened_a_hundred_times_change_nothing(
    asked: Asked, client: Browser, sign_in: Callable[..., Browser]
) -> None:
    reviewer = factories.user(asked.session, Role.REVIEWER)
    asked.session.commit()
    sign_in(client, reviewer)
    paths = [f"/review/preview/{state}" for state in STATES]
    before = dump(asked.fresh().session)

    for number in range(100):
        for method in ("GET", "HEAD", "OPTIONS"):
            headers = list(CLIENTS.values())[number % len(CLIENTS)]
            assert client.open(paths[number % len(paths)], method=method, headers=headers).status_code == 200

    assert changed(before, dump(asked.fresh().session)) == []
    assert Opening.__tablename__ in before
