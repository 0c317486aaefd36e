"""Faults strike a real installation."""

from collections.abc import Iterator

import pytest

from tests.support.installation_fixtures import installation as installation
from tests.support.smtp_fixtures import authority as authority
from tests.support.smtp_fixtures import authority_file as authority_file
from tests.support.smtp_fixtures import certificate_for as certificate_for


@pytest.fixture(autouse=True)
def _put_right(request: pytest.FixtureRequest) -> Iterator[None]:
    """What one test broke and did not mend, because it failed, is in no other test's way."""
    yield
    if "installation" in request.fixturenames:
        request.getfixturevalue("installation").put_right()
