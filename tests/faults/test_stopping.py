"""Web, worker and ticker are told to stop, or killed, in the midst of work: no request and no job is lost."""

import os
import signal
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit
from urllib.request import Request

import pytest
from sqlalchemy import text

from tests.support import quick_claims
from tests.support.installation import Installation
from tests.support.quick_claims import QuickClaim

MANY = 80
WAITING = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
PRESS = b"List-Unsubscribe=One-Click"


def button_of(claim: QuickClaim) -> str:
    return str(claim.installation.mail_to(claim.address).message["List-Unsubscribe"]).strip("<>")


@contextmanager
def held_up(claim: QuickClaim) -> Iterator[None]:
    """Let every writer to a claim wait."""
    with claim.installation.engine.connect() as in_the_way:
        in_the_way.execute(text("SELECT 1 FROM claims WHERE id = :id FOR UPDATE"), {"id": claim.id})
        yield


def is_closed(house: Installation) -> bool:
    """Tell whether nobody takes connections any more."""
    place = urlsplit(house.url)
    try:
        socket.create_connection((place.hostname, place.port), timeout=60).close()
    except ConnectionRefusedError:
        return True
    return False


def test_a_web_that_is_told_to_stop_answers_what_runs_and_what_is_coming_in(installation: Installation) -> None:
    running, coming = quick_claims.running(installation), quick_claims.running(installation)
    statuses: list[int] = []

    def press() -> None:
        statuses.append(installation.person().send(Request(button_of(running), PRESS, method="POST")).status)

    place = urlsplit(button_of(coming))
    half = (
        f"POST {place.path} HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Connection: close\r\nContent-Length: {len(PRESS)}\r\n\r\n"
    )
    pressing = threading.Thread(target=press)
    with socket.create_connection((place.hostname, place.port), timeout=120) as line:
        with held_up(running):
            pressing.start()
            line.sendall(half.encode() + PRESS[:5])
            installation.eventually(lambda: installation.query(WAITING), "the denial waits for its row")
            os.kill(installation.pid_of("web"), signal.SIGTERM)
            installation.eventually(lambda: is_closed(installation), "nobody else is let in")
        pressing.join(120)
        line.sendall(PRESS[5:])
        answer = line.makefile("rb").readline()
    installation.stop("web")
    installation.start("web")
    assert statuses == [200]
    assert b" 200 " in answer, answer
    assert (running.status, coming.status) == ("rejected", "rejected")


def test_a_web_killed_over_a_denial_has_recorded_all_of_it_or_nothing_and_pressing_again_denies(
    installation: Installation,
) -> None:
    claim = quick_claims.running(installation)
    button = button_of(claim)
    gone: list[OSError] = []

    def press() -> None:
        try:
            installation.person().send(Request(button, PRESS, method="POST"))
        except OSError as error:
            gone.append(error)

    pressing = threading.Thread(target=press)
    with held_up(claim):
        pressing.start()
        installation.eventually(lambda: installation.query(WAITING), "the denial waits for its row")
        installation.kill("web")
    pressing.join(120)
    installation.start("web")
    assert gone, "it was answered"
    assert claim.status == "approved"
    denied = "SELECT 1 FROM events WHERE claim_id = :id AND kind = 'consent:denied'"
    assert not installation.query(denied, id=claim.id)
    assert installation.person().send(Request(button, PRESS, method="POST")).status == 200
    assert claim.status == "rejected"


def test_a_worker_that_is_told_to_stop_in_a_drain_leaves_no_mail_in_doubt_and_none_behind(
    installation: Installation,
) -> None:
    claim = quick_claims.running(installation)
    installation.all_mail_is_out()
    before = len(installation.smtp.mails)
    readers = quick_claims.queue_mails(claim, MANY, "stopping.example.org")
    installation.smtp.wait_for(before + 5)
    installation.stop("worker")
    in_doubt = "SELECT 1 FROM mails WHERE state = 'sending'"
    assert not installation.query(in_doubt), "a mail was left half sent"
    installation.start("worker")
    installation.all_mail_is_out()
    times = Counter(mail.recipients[0] for mail in installation.smtp.mails if mail.recipients[0] in readers)
    assert times == dict.fromkeys(readers, 1)


@pytest.mark.parametrize("is_killed", [False, True], ids=["told", "killed"])
def test_the_ticker_after_one_that_stopped_rings_for_what_came_meanwhile(
    installation: Installation, is_killed: bool
) -> None:
    silent = quick_claims.running(installation)
    if is_killed:
        installation.kill("ticker")
    else:
        assert installation.stop("ticker") == 0, "it did not end by itself"
    claim = quick_claims.approved(installation)
    installation.forward(days=8)
    installation.start("ticker")
    installation.eventually(claim.is_running, "the customer's days have begun")
    installation.eventually(lambda: silent.round_state == "passed", "the window is closed")
    assert len(installation.mails_to(claim.address)) == 1
