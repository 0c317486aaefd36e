"""The guide of 2023: fourteen days, and no edits while a claim waits for its review."""

from collections.abc import Iterator

import pytest

from tests.support.cast import WHERE_IS_INTUNE, Cast, text_of
from tests.support.installation import Installation
from tests.support.installation_fixtures import start
from tests.support.moments import business_days_until, due, next_morning, today
from tests.support.servers import Servers


@pytest.fixture
def installation(
    running: Servers, worker_number: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """An installation that follows the guide of 2023."""
    with start("edition", running, worker_number, tmp_path_factory, guide="2023") as started:
        yield started


def business_days_left(cast: Cast) -> int:
    """Return how many business days there are after today up to the claim's deadline."""
    days = business_days_until(cast.installation, due(cast), 30)
    return sum(day > today(cast.installation) for day in days)


def test_the_edition_of_2023_has_its_own_days_and_its_own_edits(installation: Installation) -> None:
    next_morning(installation)
    cast = Cast.gather(installation).file()
    assert business_days_left(cast) == 5
    assert "Edit" not in cast.ines.buttons
    assert cast.ines.open(f"/claims/{cast.reference}/edit").sees("cannot be edited. Nothing was saved.")

    cast.review()
    assert cast.status_words("Under review")
    assert business_days_left(cast) == 14
    assert cast.rosa.sees("The partner then has 14 business days"), cast.rosa.words
    cast.rosa.press("Request information", WHERE_IS_INTUNE)
    asked = text_of(installation.mail_to(cast.ines_address, "Please provide more"))
    assert "You have 14 business days" in asked
    installation.all_mail_is_out()
    assert cast.status_words("Partner action required")
    assert business_days_left(cast) == 14
    cast.ines.press("Edit").press("Save", {"Partner contact name": "Ida Berg"})
    assert cast.ines.sees("Saved.", "Ida Berg")
