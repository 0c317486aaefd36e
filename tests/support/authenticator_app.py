"""An authenticator app on somebody's phone."""

from datetime import timedelta

from passlib.totp import TOTP

from cpor_web import clock
from tests.support.browser import Browser

STEP = timedelta(seconds=30)


class App:
    """Shows codes for the letters that were typed into it."""

    def __init__(self, letters: str) -> None:
        self._totp = TOTP(key=letters)

    def code(self, *, steps: int = 0) -> str:
        """Return the code of now, or of so many half minutes later."""
        return str(self._totp.generate(time=clock.utcnow() + steps * STEP).token)

    def wrong_code(self) -> str:
        """Return six digits that are no code anywhere near now."""
        near = {self.code(steps=steps) for steps in range(-3, 4)}
        return next(f"{number:06}" for number in range(10) if f"{number:06}" not in near)


NEW = "/account/second-factor/new"


def set_up(browser: Browser) -> tuple[App, list[str]]:
    """Set up a second factor through the page, as people do; return the app and the recovery codes."""
    app = App(letters_on(browser))
    answer = browser.submit(NEW, {"code": app.code()}, page=NEW)
    assert answer.status_code == 200, "the second factor was refused"
    return app, codes_in(answer.text)


def letters_on(browser: Browser) -> str:
    """Return the letters to be typed into an app."""
    return str(browser.page(NEW).main.find("code", class_="letters").get_text())


def codes_in(page: str) -> list[str]:
    """Return the recovery codes of a page that shows them."""
    from bs4 import BeautifulSoup

    return [code.get_text() for code in BeautifulSoup(page, "html.parser").select(".recovery-codes code")]
