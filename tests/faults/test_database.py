"""PostgreSQL goes away in the midst of work, in good order or by kill -9, and comes back: nothing is half done.

The cluster is one of this module's own, beside the one that all tests share.
"""

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import Request

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from cpor_web.embedded.exc import StartError
from cpor_web.embedded.postgres import EmbeddedPostgres
from tests.support import factories, quick_claims
from tests.support.cast import link_in
from tests.support.installation import WITHIN, Installation
from tests.support.lost_answers import LostAnswers
from tests.support.moments import next_morning
from tests.support.person import Person
from tests.support.quick_claims import QuickClaim

SILENT, DENYING, MAILS = 6, 12, 150
LEASE_MINUTES = 11
WAITING = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
UNCERTAIN = "It is not certain whether what you sent was recorded."
"""What is said where the database went amid the commit: then either may be."""
CALM = ("Not available for the moment", "Try again in a few minutes.")


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A cluster that a test may stop."""
    with EmbeddedPostgres(tmp_path_factory.mktemp("cluster"), fsync=False) as postgres:
        postgres.create_database("cpor")
        yield postgres


@pytest.fixture(scope="module")
def house(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation whose database is in that cluster."""
    with Installation(postgres.url("cpor"), tmp_path_factory.mktemp("house"), workers="2") as started:
        yield started


def stopped(house: Installation, postgres: EmbeddedPostgres) -> None:
    """Stop it as its operator does: connections are ended, transactions rolled back."""
    postgres.stop()


def killed(house: Installation, postgres: EmbeddedPostgres) -> None:
    """Kill its first process, and leave it to the others to notice."""
    assert postgres.pid is not None
    os.kill(postgres.pid, signal.SIGKILL)
    house.eventually(lambda: postgres.pid is None, "PostgreSQL is dead")


def start_again(house: Installation, postgres: EmbeddedPostgres) -> None:
    """Start it as a supervisor does: once more where what is left of the killed one is still in the way."""

    def starts() -> bool:
        try:
            postgres.start()
        except StartError:
            return False
        return True

    if postgres.pid is None:
        house.eventually(starts, "PostgreSQL is back")
    house.engine.dispose()  # the test's own connections went with it


@pytest.mark.parametrize("strike", [stopped, killed])
def test_the_database_goes_in_the_midst_of_work_and_all_of_it_is_done_in_the_end_and_once(
    house: Installation, postgres: EmbeddedPostgres, strike: Callable[[Installation, EmbeddedPostgres], None]
) -> None:
    next_morning(house)  # the windows end at midnight: half an hour more must not be beyond it
    silent = [quick_claims.approved(house) for _ in range(SILENT)]
    _all_run(house, silent)
    house.forward(days=7, minutes=30)
    denying = [quick_claims.approved(house) for _ in range(DENYING)]
    _all_run(house, denying)
    buttons = [str(house.mail_to(each.address).message["List-Unsubscribe"]).strip("<>") for each in denying]
    processes = {name: house.pid_of(name) for name in ("web", "worker", "ticker")}
    before = len(house.smtp.mails)

    readers = quick_claims.queue_mails(silent[0], MAILS, f"{strike.__name__}.example.org")
    house.smtp.hang("RCPT", address=readers[-1])  # however quick the workers are, they are in the midst of it
    begin, go_on = threading.Event(), threading.Event()
    with ThreadPoolExecutor(DENYING) as pool:
        answers = [pool.submit(_deny, house, url, begin if i % 2 else go_on) for i, url in enumerate(buttons)]
        house.smtp.wait_for(before + 20)
        with suppress(OperationalError), house.engine.connect() as in_the_way:
            # A claim that is locked is passed over; for this whoever closes waits, and has locked all others by then.
            head = text("SELECT 1 FROM history_heads WHERE claim_id = :id FOR UPDATE")
            in_the_way.execute(head, {"id": silent[1].id})
            house.forward(days=2)  # all silent windows are due at once
            house.eventually(lambda: house.query(WAITING), "a closing waits for a row")
            begin.set()
            strike(house, postgres)
        try:
            house.smtp.behave()
            go_on.set()
            customers = [answer.result() for answer in answers]
        finally:
            start_again(house, postgres)

    statuses = [customer.status for customer in customers]
    assert set(statuses) <= {200, 503}
    assert statuses[::2] == [503] * (DENYING // 2), "some were not told that nothing could be recorded"
    for claim, customer in zip(denying, customers, strict=True):
        is_recorded = claim.status == "rejected"
        if not customer.sees(UNCERTAIN):
            assert is_recorded == (customer.status == 200), "the answer said something else than what is recorded"
        assert _count(claim, "consent:denied") == is_recorded

    house.forward(minutes=LEASE_MINUTES)  # what was being sent is in doubt until then
    house.all_mail_is_out()
    times = Counter(mail.recipients[0] for mail in house.smtp.mails if mail.recipients[0] in readers)
    assert set(times) == set(readers), "some never arrived"
    _assert_doubles_are_identical(house, [address for address, came in times.items() if came > 1])
    for claim in silent:
        house.eventually(lambda claim=claim: claim.round_state == "passed", "the window is closed")  # type: ignore[misc]
        assert _count(claim, "consent:passed") == 1
        assert len(house.query("SELECT 1 FROM assessments WHERE claim_id = :id", id=claim.id)) == 1
    assert {name: house.pid_of(name) for name in processes} == processes
    for claim, status, url in zip(denying, statuses, buttons, strict=True):
        if status == 503:
            assert _deny(house, url).status == 200
        assert claim.status == "rejected"


@pytest.mark.parametrize("strike", [stopped, killed])
def test_without_the_database_every_page_says_calmly_that_it_is_away_and_works_again_by_itself(
    house: Installation, postgres: EmbeddedPostgres, strike: Callable[[Installation, EmbeddedPostgres], None]
) -> None:
    claim = quick_claims.running(house)
    link = link_in(house.mail_to(claim.address), "d")
    with house.session() as session:
        ines = factories.user(session)
    signed_in, customer, stranger = (
        house.signed_in(ines.email, factories.PASSWORD),
        house.person().open(link),
        house.person().open("/login"),
    )
    before = house.settled_rows()
    strike(house, postgres)
    try:
        for person, does in (
            (signed_in, lambda: signed_in.open("/claims")),
            (customer, lambda: customer.press("Deny this association", {"Why do you deny it?": "Other"})),
            (stranger, lambda: stranger.press("Sign in", {"Email": ines.email, "Password": factories.PASSWORD})),
            (signed_in, lambda: signed_in.open("/no-such-page")),
            (customer, lambda: customer.open(link)),
        ):
            does()
            if person.status != 404:
                assert person.status == 503, person.address
                assert person.sees(*CALM), person.words
            assert "Traceback" not in person.html
            assert "psycopg" not in person.html
        assert stranger.open("/healthz").status == 200
        assert stranger.open("/readyz").status == 503
    finally:
        start_again(house, postgres)
    house.eventually(lambda: stranger.open("/readyz").status == 200, "all is well again")
    assert house.rows() == before
    assert signed_in.open("/claims").sees("Customer associations"), "they have to sign in again"
    customer.open(link).press("Deny this association", {"Why do you deny it?": "Other"})
    assert claim.status == "rejected"


@contextmanager
def read_only(house: Installation) -> Iterator[None]:
    """Let the cluster take no changes for a while, as a standby does, or one whose storage is full."""

    def say(how: str) -> None:
        with house.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as superuser:
            superuser.execute(text("SET default_transaction_read_only = off"))
            superuser.execute(text(f"ALTER SYSTEM SET default_transaction_read_only = {how}"))
            superuser.execute(text("SELECT pg_reload_conf()"))

    say("on")
    try:
        yield
    finally:
        say("off")


def test_a_database_that_takes_no_changes_is_away_for_whoever_changes_something(house: Installation) -> None:
    claim = quick_claims.running(house)
    button = str(house.mail_to(claim.address).message["List-Unsubscribe"]).strip("<>")
    with house.session() as session:
        email = factories.user(session).email
    stranger = house.person().open("/login")
    with read_only(house):
        house.eventually(lambda: stranger.open("/readyz").status == 503, "it is not ready")
        stranger.open("/login").press("Sign in", {"Email": email, "Password": factories.PASSWORD})
        assert stranger.status == 503
        assert stranger.sees(*CALM)
        assert _deny(house, button).status == 503
    house.eventually(lambda: stranger.open("/readyz").status == 200, "it takes changes again")
    assert _deny(house, button).status == 200
    assert claim.status == "rejected"


def test_the_database_goes_between_250_and_the_commit_and_two_identical_copies_arrive(
    house: Installation, postgres: EmbeddedPostgres
) -> None:
    claim = quick_claims.hanging(house, "STORED")
    house.eventually(lambda: house.mails_to(claim.address), "the server has the mail")
    try:
        with suppress(OperationalError), house.engine.connect() as in_the_way:
            in_the_way.execute(text("SELECT 1 FROM claims WHERE id = :id FOR UPDATE"), {"id": claim.id})
            house.smtp.behave()  # the server says 250
            house.eventually(lambda: house.query(WAITING), "the worker waits for the claim's row")
            stopped(house, postgres)
    finally:
        start_again(house, postgres)
    house.sweep()
    assert claim.notice().state == "sending", "a mail in doubt was sent again while its worker may still live"
    house.forward(minutes=LEASE_MINUTES)
    house.eventually(claim.is_running, "the customer's days have begun")
    first, second = house.mails_to(claim.address)
    assert first.raw == second.raw


def test_a_denial_whose_commit_is_answered_by_nobody_is_not_said_to_be_unrecorded(
    house: Installation, postgres: EmbeddedPostgres
) -> None:
    claim = quick_claims.running(house)
    button = str(house.mail_to(claim.address).message["List-Unsubscribe"]).strip("<>")
    link = link_in(house.mail_to(claim.address), "d")
    customer = house.person()
    with (
        TemporaryDirectory(prefix="cpor-line-") as folder,
        LostAnswers(Path(folder), postgres.sockets) as line,
        house.without("web", database_url=postgres.url("cpor", sockets=Path(folder))),
    ):
        customer.open(link)
        line.lose()
        customer.press("Deny this association", {"Why do you deny it?": "Other"})
        assert line.has_lost
        assert customer.status == 503
        assert customer.sees(UNCERTAIN)
        assert not customer.sees("Nothing was changed")
        house.eventually(lambda: claim.status == "rejected", "the commit was done")
        assert customer.open(link).sees("denied")
        assert _deny(house, button).status == 200, "twice is the same as once"
    assert _count(claim, "consent:denied") == 1


def _all_run(house: Installation, claims: list[QuickClaim]) -> None:
    for claim in claims:
        house.eventually(claim.is_running, "the customer's days have begun")


def _deny(house: Installation, url: str, when: threading.Event | None = None) -> Person:
    """Press the mail client's own button, and return who did, with what came of it."""
    if when is not None:
        assert when.wait(WITHIN)
    return house.person().send(Request(url, b"List-Unsubscribe=One-Click", method="POST"))


def _count(claim: QuickClaim, kind: str) -> int:
    rows = "SELECT 1 FROM events WHERE claim_id = :id AND kind = :kind"
    return len(claim.installation.query(rows, id=claim.id, kind=kind))


def _assert_doubles_are_identical(house: Installation, addresses: list[str]) -> None:
    assert len(addresses) <= 2, "more than one a worker"
    for address in addresses:
        first, second = house.mails_to(address)
        assert first.raw == second.raw
