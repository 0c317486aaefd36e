from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from cpor_web.models import User
from cpor_web.rules.roles import Role
from tests.support import factories
from tests.support.browser import Browser


@pytest.fixture
def administrator(committed: Session) -> User:
    made = factories.user(committed, Role.ADMINISTRATOR, name="Alex Darrow")
    committed.commit()
    return made


@pytest.fixture
def office(client: Browser, sign_in: Callable[..., Browser], administrator: User) -> Browser:
    """The administrator's browser, signed in."""
    return sign_in(client, administrator)
