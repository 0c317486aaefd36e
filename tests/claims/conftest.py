"""What tests of claims share."""

import pytest
from sqlalchemy.orm import Session

from cpor_web.models import User
from tests.support import factories


@pytest.fixture
def filer(db_session: Session) -> User:
    return factories.user(db_session)
