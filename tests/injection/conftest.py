import pytest

from cpor_web.models import User
from tests.injection.story import SignIn
from tests.support import factories
from tests.support.browser import Browser


@pytest.fixture(scope="module")
def module_sign_in() -> SignIn:
    """Sign a user in through the form, as people do; for what many tests share."""

    def through_the_form(browser: Browser, user: User) -> Browser:
        answer = browser.submit("/login", {"email": user.email, "password": factories.PASSWORD}, page="/login")
        assert answer.status_code == 302, "the sign-in was refused"
        return browser

    return through_the_form
