"""The calendar changes under what runs, by a newer holidays library or by hand: no running deadline moves."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cpor_web.models import Claim, User
from cpor_web.rules.roles import Role
from tests.support import claims, factories
from tests.support.factories import PASSWORD
from tests.support.installation import COMMANDS, Installation
from tests.support.installation_fixtures import start
from tests.support.moments import forward_to, next_morning, today
from tests.support.person import Person
from tests.support.servers import Servers

NEWER = """
from datetime import date


def country_holidays(country, subdiv=None):
    return {{date.fromisoformat(day): "A new holiday" for day in {days}}}
"""
"""The library as the product uses it, with other data: new holidays, and none of those that there were."""

RUNNING: tuple[Callable[..., Claim], ...] = (
    claims.submitted,
    claims.under_review,
    claims.partner_action_required,
    claims.running,
    claims.rejected,
)
"""With deadlines of the operator, of the partner, of the customer, and to dispute."""


@pytest.fixture(scope="module")
def installation(
    running: Servers, worker_number: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """An operator in Germany, whose holidays are those of the installed library."""
    with start("calendar", running, worker_number, tmp_path_factory, country="DE") as started:
        yield started


@pytest.fixture
def filer(installation: Installation) -> User:
    next_morning(installation)
    with installation.session() as session:
        return factories.user(session)


def made(installation: Installation, make: Callable[..., Claim], filer: User) -> Claim:
    with installation.session() as session:
        merged = session.merge(filer)
        claim = make(session, installation.programme, filer=merged, now=installation.now())
        session.flush()
        return claim


def deadlines(installation: Installation) -> dict[str, Any]:
    """Return every deadline with its rule, and every end that was printed."""
    statements = {
        "claims": "SELECT id, due_at, due_rule, dispute_until, dispute_rule FROM claims ORDER BY id",
        "rounds": "SELECT id, ends_at, end_rule, closes_at, contact_due_at FROM rounds ORDER BY id",
        "printed": "SELECT id, printed_end FROM invitations ORDER BY id",
    }
    return {name: [tuple(row) for row in installation.query(statement)] for name, statement in statements.items()}


def shown(person: Person, claim: Claim) -> list[str]:
    """Return the deadlines on the claim's page, with how they were computed."""
    page = person.open(f"/claims/{claim.reference}").page
    return [" ".join(each.get_text(" ").split()) for each in page(class_="deadline")]


def business_days(installation: Installation, count: int) -> list[date]:
    """Return the next so many days on which the operator works, as it is set up."""
    calendar, day, found = installation.programme.calendar, today(installation), list[date]()
    while len(found) < count:
        day += timedelta(days=1)
        if calendar.why_not_working(day) is None:
            found.append(day)
    return found


@contextmanager
def upgraded(installation: Installation, folder: Path, days: list[date]) -> Iterator[None]:
    """Let every process load another holidays library than the installed one."""
    (folder / "holidays").mkdir()
    library = NEWER.format(days=[day.isoformat() for day in days])
    (folder / "holidays" / "__init__.py").write_text(library, encoding="utf-8")
    before = dict(installation.env)
    installation.env["PYTHONPATH"] = str(folder)
    try:
        _restart(installation)
        yield
    finally:
        installation.env = before
        _restart(installation)


def _restart(installation: Installation) -> None:
    for name in COMMANDS:
        installation.stop(name)
    for name in COMMANDS:
        installation.start(name)


def submitted_now(installation: Installation, filer: User, person: Person) -> tuple[datetime, list[str]]:
    """Let the filer submit a draft on its page; return when a review is due, and what the page says of it."""
    draft = made(installation, claims.editing, filer)
    person.open(f"/claims/{draft.reference}").press("Submit for approval")
    (row,) = installation.query("SELECT due_at FROM claims WHERE id = :id", id=draft.id)
    return row.due_at, shown(person, draft)


def test_another_holidays_library_moves_no_running_deadline_and_counts_for_new_ones(
    installation: Installation, filer: User, tmp_path: Path
) -> None:
    running = [made(installation, make, filer) for make in RUNNING]
    installation.all_mail_is_out()
    installation.sweep()  # what became due as the clock moved is done
    person = installation.signed_in(filer.email, PASSWORD)
    first, *_ = running
    before, seen = deadlines(installation), {claim.id: shown(person, claim) for claim in running}
    assert all(seen.values())

    with upgraded(installation, tmp_path, business_days(installation, 3)):
        assert _administrator(installation).open("/admin/calendar").sees("A new holiday"), (
            "nobody loads the newer one"
        )
        installation.sweep()
        assert deadlines(installation) == before
        assert {claim.id: shown(person, claim) for claim in running} == seen
        due, said = submitted_now(installation, filer, person)
        assert due > _due(installation, first), "the newer library does not count"
        assert any("A new holiday" in each for each in said), said

        waits = running[RUNNING.index(claims.partner_action_required)]
        lapses = _due(installation, waits)
        forward_to(installation, lapses, seconds=-60)
        installation.sweep()
        assert _status(installation, waits) == "partner-action-required"
        forward_to(installation, lapses)
        installation.eventually(lambda: _status(installation, waits) == "rejected", "it lapses when it was to")


def test_a_closure_that_an_administrator_enters_or_takes_back_moves_no_running_deadline(
    installation: Installation, filer: User
) -> None:
    running = [made(installation, make, filer) for make in RUNNING]
    installation.all_mail_is_out()
    installation.sweep()  # what became due as the clock moved is done
    person, office = installation.signed_in(filer.email, PASSWORD), _administrator(installation)
    before, seen = deadlines(installation), {claim.id: shown(person, claim) for claim in running}
    (day,) = business_days(installation, 1)

    def nothing_has_moved() -> bool:
        installation.sweep()
        now = deadlines(installation)
        known = {name: [row for row in now[name] if row in before[name]] for name in now}
        return known == before and {claim.id: shown(person, claim) for claim in running} == seen

    office.open("/admin/calendar").press("Add closure", {"Day": day.isoformat(), "Name": "Company day"})
    assert office.sees("The closure was added. No deadline that runs already has moved."), office.words
    assert nothing_has_moved()
    later, said = submitted_now(installation, filer, person)
    assert later > _due(installation, running[0]), "the closure does not count"
    assert any("Company day" in each for each in said), said

    office.open("/admin/calendar").press("Remove Company day")
    assert nothing_has_moved()
    again, _said = submitted_now(installation, filer, person)
    assert again == _due(installation, running[0])


def _administrator(installation: Installation) -> Person:
    with installation.session() as session:
        address = factories.user(session, Role.ADMINISTRATOR).email
    return installation.signed_in(address, PASSWORD)


def _due(installation: Installation, claim: Claim) -> datetime:
    due: datetime = _row(installation, claim).due_at
    return due


def _status(installation: Installation, claim: Claim) -> str:
    return str(_row(installation, claim).status)


def _row(installation: Installation, claim: Claim) -> Any:
    (row,) = installation.query("SELECT due_at, status FROM claims WHERE id = :id", id=claim.id)
    return row
