"""What kind of client a request looked like, by its own words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpor_web.customers import clients
from cpor_web.models import Client

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile Safari/604.1"
)


@pytest.mark.parametrize(
    ("agent", "client"),
    [
        (CHROME, Client.BROWSER),
        (f"{CHROME} Edg/131.0.0.0", Client.BROWSER),
        (IPHONE, Client.BROWSER),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0", Client.BROWSER),
        ("Mozilla/5.0 (Linux; Android 9; CUBOT X19) AppleWebKit/537.36 Chrome/90.0 Safari/537.36", Client.BROWSER),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.4.0", Client.MAIL_CLIENT),
        ("Mozilla/4.0 (compatible; ms-office; MSOffice 16)", Client.MAIL_CLIENT),
        ("Microsoft Outlook 16.0.17928", Client.MAIL_CLIENT),
        (f"{CHROME} BarracudaLinkProtect/2", Client.SCANNER),
        (CHROME.replace("Chrome", "HeadlessChrome"), Client.SCANNER),
        ("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)", Client.SCANNER),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", Client.SCANNER),
        ("Mozilla/5.0 (Windows NT 6.1) SkypeUriPreview Preview/0.5", Client.SCANNER),
        ("facebookexternalhit/1.1", Client.SCANNER),
        ("WhatsApp/2.24.1 A", Client.SCANNER),
        ("curl/8.11.0", Client.SCRIPT),
        ("python-requests/2.32.3", Client.SCRIPT),
        ("Go-http-client/2.0", Client.SCRIPT),
        ("Mozilla/5.0 (Windows NT 10.0; en-US) WindowsPowerShell/5.1", Client.SCRIPT),
        ("Mozilla/5.0", Client.UNKNOWN),
        ("", Client.UNKNOWN),
    ],
)  # fmt: skip
def test_a_client_is_taken_for_what_it_says(agent: str, client: Client) -> None:
    assert clients.guess(agent) is client


def test_every_sign_is_in_small_letters_and_stands_once() -> None:
    signs = [sign for _client, signs in clients.SIGNS for sign in signs]

    assert signs == [sign.lower() for sign in signs]
    assert len(signs) == len(set(signs))


@given(st.text())
def test_what_is_stored_of_a_client_is_short_and_hides_nothing(agent: str) -> None:
    stored = clients.cleaned(agent)

    assert len(stored) <= 200
    assert stored.isprintable()


def test_a_client_is_recognised_by_what_is_stored_of_it() -> None:
    assert clients.guess(clients.cleaned("\u202ecurl/8\x00\r\n")) is Client.SCRIPT
