"""Tickers too many or too few, uploads that never end, and what a process says that seems stuck."""

import json
import os
import socket
import time
from contextlib import ExitStack
from itertools import chain
from urllib.parse import urlsplit
from urllib.request import Request

from cpor_web.starting.stacks import ASKED_BY
from tests.support import quick_claims
from tests.support.cast import Cast, link_in
from tests.support.installation import COMMANDS, Installation
from tests.support.person import Person

STALLED = 40
LONGEST = 20.0
"""Seconds that a denial may take on a busy machine; behind a stalled upload it would wait until that is given up."""
LONGEST_PUBLIC_URL = 120
STACK = "Current thread"
UNSUBSCRIBE = b"List-Unsubscribe: "


def test_two_tickers_at_once_are_harmless(installation: Installation) -> None:
    installation.start("ticker2")
    try:
        cast = Cast.gather(installation).file().approve()
        cast.notice()
        installation.forward(days=8, hours=1)
        installation.mail_to(cast.ines_address, "Eligible for incentives")
        installation.sweep()
    finally:
        installation.stop("ticker2")
    subjects = [mail.message["Subject"] for mail in installation.mails_to(cast.ines_address)]
    assert len(subjects) == len(set(subjects)), subjects
    assert len(installation.mails_to(cast.carla_address)) == 1


def test_each_process_that_is_asked_says_at_which_lines_it_is_and_goes_on(installation: Installation) -> None:
    somebody = installation.person()
    installation.eventually(lambda: not degraded(somebody), "all have started")
    pids = {name: installation.pids_of(name) for name in COMMANDS}
    assert len(pids["web"]) > 1, "those that it forked are asked too"
    before = {name: said.count(STACK) for name, said in installation.logs().items()}
    for pid in chain.from_iterable(pids.values()):
        os.kill(pid, ASKED_BY)
    for name, asked in pids.items():
        installation.eventually(
            lambda name=name, asked=asked: installation.logs()[name].count(STACK) >= before[name] + len(asked),
            f"each of the {name} has said it",
        )
    assert {name: installation.pids_of(name) for name in COMMANDS} == pids
    assert Cast.gather(installation).file().approve().notice()


def ticks(somebody: Person) -> bool:
    """Tell whether readiness says that the ticker ticks."""
    return bool(json.loads(somebody.open("/readyz").html)["ticker"] == "ok")


def degraded(somebody: Person) -> list[str]:
    """Return what readiness says is out of order."""
    found: list[str] = json.loads(somebody.open("/readyz").html)["degraded"]
    return found


def test_a_ticker_that_is_dead_for_ten_minutes_is_told_of_and_pages_go_on(installation: Installation) -> None:
    somebody = installation.person()
    installation.eventually(lambda: not degraded(somebody), "all is well")
    installation.kill("ticker")
    try:
        installation.forward(minutes=9)
        assert ticks(somebody)
        installation.forward(minutes=2)
        assert not ticks(somebody)
        assert (degraded(somebody), somebody.status) == (["ticker"], 200)
    finally:
        installation.start("ticker")
    installation.eventually(lambda: ticks(somebody), "all is well again")


def test_forty_stalled_uploads_delay_no_denial(installation: Installation) -> None:
    cast = Cast.gather(installation).file().approve()
    link = link_in(cast.notice(), "d")
    place = urlsplit(installation.url)
    half = (
        f"POST /claims/{cast.reference}/documents HTTP/1.1\r\nHost: {place.netloc}\r\n"
        "Content-Type: multipart/form-data; boundary=xyz\r\nContent-Length: 1000000\r\n\r\n"
        '--xyz\r\nContent-Disposition: form-data; name="document"; filename="a.pdf"\r\n\r\n%PDF-1.7\r\n'
    )
    with ExitStack() as stack:
        for _ in range(STALLED):
            upload = stack.enter_context(socket.create_connection((place.hostname, place.port), timeout=60))
            upload.sendall(half.encode())
        began = time.monotonic()
        installation.person().open(link).press("Deny this association", {"Why do you deny it?": "Other"})
        spent = time.monotonic() - began
    assert cast.status_words("Rejected", "Customer decline")
    assert spent < LONGEST, f"it took {spent:.1f} seconds"


def test_the_one_click_header_is_one_plain_line_for_a_public_url_of_120_characters(
    installation: Installation,
) -> None:
    name = ".".join(["a" * 60, "b" * 30])
    public_url = f"https://{name}.example.com/".ljust(LONGEST_PUBLIC_URL, "c")
    assert len(public_url) == LONGEST_PUBLIC_URL
    with installation.without("worker", public_url=public_url):
        claim = quick_claims.approved(installation)
        notice = installation.mail_to(claim.address, "You can deny it")
        installation.eventually(claim.is_running, "the customer's days have begun")
    lines = notice.raw.split(b"\r\n")
    (place,) = [number for number, line in enumerate(lines) if line.startswith(b"List-Unsubscribe:")]
    assert not lines[place + 1].startswith((b" ", b"\t")), "the header is folded"
    address = lines[place].removeprefix(UNSUBSCRIBE).decode("ascii")
    assert address.startswith(f"<{public_url}/o/")
    assert address.endswith(">")
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in lines

    path = address.strip("<>").removeprefix(public_url)
    somebody = installation.person()
    somebody.send(Request(f"{installation.url}{path}", b"List-Unsubscribe=One-Click", method="POST"))
    assert somebody.status == 200
    assert claim.status == "rejected"
