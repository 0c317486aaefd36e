"""A second factor and passkeys in a real browser, with an authenticator that the browser itself plays."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, CDPSession

from cpor_web.models import User
from cpor_web.rules.roles import Role
from tests.browser.conftest import SLOWEST
from tests.browser.visitor import Visitor
from tests.support import factories
from tests.support.authenticator_app import App
from tests.support.factories import PASSWORD
from tests.support.installation import Installation
from tests.support.servers import Servers

pytestmark = pytest.mark.browser

DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


class WithAName(Installation):
    """An installation at a name, for no passkey is for a number."""

    def __init__(self, database_url: str, folder: object, **settings: str) -> None:
        super().__init__(database_url, folder, **settings)  # type: ignore[arg-type]
        self.url = self.url.replace("127.0.0.1", "localhost")


@pytest.fixture(scope="module")
def installation(
    running: Servers, worker_number: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """An operator whose reviewers must have a second factor."""
    database = running.new_database(f"cpor_second_factor_{worker_number}")
    folder = tmp_path_factory.mktemp("second_factor")
    with WithAName(database, folder, second_factor_roles="reviewer") as started:
        yield started


def somebody(installation: Installation, role: Role = Role.VIEWER) -> User:
    with installation.session() as session:
        return factories.user(session, role)


@contextmanager
def visiting(browser: Browser, installation: Installation, *, scripts: bool = True) -> Iterator[Visitor]:
    context = browser.new_context(java_script_enabled=scripts, base_url=installation.url, reduced_motion="reduce")
    context.set_default_timeout(SLOWEST)
    visitor = Visitor(context, installation.url, rules=scripts)
    yield visitor
    context.close()
    assert not visitor.complaints, "\n".join(visitor.complaints)


def give_device(visitor: Visitor) -> tuple[CDPSession, str]:
    """Put a device in the visitor's hand that knows them by their finger."""
    hand = visitor.context.new_cdp_session(visitor.page)
    hand.send("WebAuthn.enable")
    return hand, hand.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})["authenticatorId"]


def test_a_passkey_is_added_used_and_removed(browser: Browser, installation: Installation) -> None:
    user = somebody(installation)
    with visiting(browser, installation) as visitor:
        hand, device = give_device(visitor)
        visitor.sign_in(user.email, PASSWORD).open("/account").follow("Passkeys")
        visitor.fill({"Name of the passkey": "Laptop"}).press("Add a passkey")
        assert "“Laptop” was added. You can sign in with it." in visitor.words
        assert len(hand.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"]) == 1

        visitor.press("Sign out").open("/login").follow("Sign in with a passkey").press("Use a passkey")
        assert visitor.page.url.endswith("/claims")

        visitor.open("/account/confirm").press("Use a passkey")
        assert visitor.page.url.endswith("/account")

        visitor.open("/account/passkeys").press("Remove Laptop")
        assert "“Laptop” was removed." in visitor.words
        visitor.press("Sign out").open("/login/passkey").press("Use a passkey")
        assert "The passkey was not recognised." in visitor.words
        visitor.complaints[:] = [said for said in visitor.complaints if "422" not in said]  # the browser tells of it


def test_a_device_that_does_not_know_its_user_is_told_and_may_try_again(
    browser: Browser, installation: Installation
) -> None:
    user = somebody(installation)
    with visiting(browser, installation) as visitor:
        hand, device = give_device(visitor)
        hand.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
        visitor.sign_in(user.email, PASSWORD).open("/account/passkeys").fill({"Name of the passkey": "Laptop"})
        visitor.page.get_by_role("button", name="Add a passkey").click()
        visitor.page.get_by_text("No passkey was made.").wait_for()
        visitor.look()
        hand.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": True})
        visitor.press("Add a passkey")
        assert "“Laptop” was added." in visitor.words


def test_without_scripts_the_pages_say_what_passkeys_need(browser: Browser, installation: Installation) -> None:
    user = somebody(installation)
    with visiting(browser, installation, scripts=False) as visitor:
        visitor.open("/login/passkey")
        assert "Passkeys need JavaScript" in visitor.words
        assert not visitor.page.get_by_role("button", name="Use a passkey").is_visible()
        visitor.sign_in(user.email, PASSWORD).open("/account/passkeys")
        assert "Passkeys need JavaScript" in visitor.words


def test_a_reviewer_sets_up_an_app_and_signs_in_with_it_or_a_recovery_code(
    browser: Browser, installation: Installation
) -> None:
    user = somebody(installation, Role.REVIEWER)
    with visiting(browser, installation) as visitor:
        visitor.sign_in(user.email, PASSWORD)
        assert "Your role needs a second factor." in visitor.words
        picture = visitor.page.locator("svg.qr-code").bounding_box()
        assert picture is not None
        assert picture["width"] > 150
        phone = App(visitor.page.inner_text(".letters"))
        visitor.fill({"Code": phone.code()}).press("Set up")
        codes = visitor.page.locator(".recovery-codes code").all_inner_texts()
        visitor.follow("I have kept them")
        assert visitor.page.url.endswith("/review")
        visitor.open("/account").follow("Second factor")
        assert "10 codes are left." in visitor.words

        visitor.press("Sign out").sign_in(user.email, PASSWORD).fill({"Code": phone.code(steps=1)}).press("Sign in")
        assert visitor.page.url.endswith("/review")

        visitor.press("Sign out").sign_in(user.email, PASSWORD).follow("Use a recovery code instead")
        visitor.fill({"Recovery code": codes[0]}).press("Sign in")
        assert "Recovery codes that are left: 9." in visitor.words


def test_the_code_is_typed_by_keyboard_alone(browser: Browser, installation: Installation) -> None:
    user = somebody(installation, Role.REVIEWER)
    with visiting(browser, installation) as visitor:
        visitor.sign_in(user.email, PASSWORD)
        phone = App(visitor.page.inner_text(".letters"))
        visitor.page.get_by_label("Code", exact=True).focus()
        visitor.page.keyboard.type(phone.code())
        with visitor.page.expect_navigation():
            visitor.page.keyboard.press("Enter")
        visitor.look()
        assert "Keep these codes now" in visitor.words
