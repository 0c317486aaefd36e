"""What the tests of the sign-in provider do and look at many times."""

from http.client import HTTPConnection
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.models import SecurityEvent, User
from cpor_web.rules.roles import Role
from tests.support.browser import Browser
from tests.support.oidc_server import Claims

BEGIN, BACK = "/login/oidc", "/login/oidc/back"

RUNE: Claims = {
    "sub": "rune-1",
    "name": "Rune Reviewer",
    "email": "rune@vendor.example.com",
    "email_verified": True,
    "roles": ["everybody", "cpor-reviewers"],
}


def at_the_provider(address: str) -> str:
    """Visit the provider, which sends the browser straight back; return where to."""
    there = urlsplit(address)
    connection = HTTPConnection(there.netloc, timeout=60)
    try:
        connection.request("GET", f"{there.path}?{there.query}")
        return str(connection.getresponse().headers["Location"])
    finally:
        connection.close()


def there_and_back(browser: Browser, begin: str = BEGIN) -> str:
    """Begin a sign-in and return the path by which the provider sends the browser back."""
    answer = browser.get(begin)
    assert answer.status_code == 302, answer.text
    return at_the_provider(answer.location).removeprefix("https://cpor.vendor.example.com")


def signs_in(browser: Browser, begin: str = BEGIN) -> str:
    answer = browser.get(there_and_back(browser, begin))
    assert answer.status_code == 302, answer.text
    return str(answer.location)


def is_refused(browser: Browser, *words: str, status: int = 403) -> None:
    page = browser.page(there_and_back(browser), status=status).main.get_text(" ")
    seen = " ".join(page.split())
    assert all(each in seen for each in words), seen
    assert browser.get("/").location == "/login"


def accounts(session: Session) -> dict[str, Role]:
    session.expire_all()
    return {user.email: user.role for user in session.scalars(select(User))}


def kinds_of(session: Session, user: User) -> list[str]:
    events = select(SecurityEvent.kind).where(SecurityEvent.user_id == user.id).order_by(SecurityEvent.id)
    return list(session.scalars(events))


def rune_of(committed: Session) -> User:
    committed.expire_all()
    return committed.scalars(select(User).where(User.email == "rune@vendor.example.com")).one()
