"""A hard bounce stops the window, a forged one does not; and no mail that came back is lost, whatever is away."""

import json
from collections.abc import Callable

import pytest

from tests.support import quick_claims
from tests.support.incoming_mail import bounce, receive, take_in
from tests.support.installation import Installation
from tests.support.quick_claims import QuickClaim
from tests.support.received_mail import Mail
from tests.support.returned_mail import BACK, out_of_office, reply, report

GONE = "smtp; 550 5.1.1 No such user"
EX_TEMPFAIL = 75


def notice_of(installation: Installation, claim: QuickClaim) -> Mail:
    return installation.mail_to(claim.address, "You can deny it")


def test_a_hard_bounce_stops_the_window(installation: Installation) -> None:
    claim = quick_claims.running(installation)
    bounce(installation, notice_of(installation, claim))
    installation.eventually(lambda: claim.round_state == "stopped", "the window stops")
    assert claim.notice().state == "bounced"
    for words in ("not delivered", "name a right contact"):
        assert installation.mail_to(claim.partner_address, words)
    installation.forward(days=1)
    installation.sweep()
    assert claim.round_state == "stopped"


FORGED: dict[str, Callable[[Mail, Mail], bytes]] = {
    "the signature of another mail": lambda mine, other: report(
        _with_signature_of(mine.mail_from, other.mail_from), mine.recipients[0]
    ),
    "no signature": lambda mine, _: report(BACK, mine.recipients[0], returned=mine.raw),
    "a made-up signature": lambda mine, _: report(
        _with_signature_of(mine.mail_from, f"x-{'0' * 22}@"), mine.recipients[0]
    ),
    "another recipient": lambda mine, other: report(mine.mail_from, other.recipients[0]),
    "a delay": lambda mine, _: report(mine.mail_from, mine.recipients[0], action="delayed", status="4.4.1"),
    "out of office": lambda mine, _: out_of_office(
        mine.recipients[0], to=mine.mail_from, answers=mine.message["Message-ID"]
    ),
    "no report": lambda mine, _: reply("MAILER-DAEMON@old.example.com", "Unknown user", to=mine.mail_from),
    "no mail": lambda mine, _: b"\0\xff\n\n" + mine.mail_from.encode(),
}


def test_a_forged_one_does_not_nor_what_is_no_final_report(installation: Installation) -> None:
    claim, other = quick_claims.running(installation), quick_claims.running(installation)
    mine, others = notice_of(installation, claim), notice_of(installation, other)
    for write in FORGED.values():
        take_in(installation, write(mine, others))
    installation.sweep()
    assert (claim.round_state, claim.notice().state) == ("running", "sent")
    assert (other.round_state, other.notice().state) == ("running", "sent")
    assert not installation.query("SELECT 1 FROM received_mails WHERE settled_at IS NULL")
    installation.forward(days=8, hours=1)
    installation.eventually(lambda: claim.round_state == "passed", "the window passes")


def test_a_bounce_that_overtakes_the_noting_of_its_mail_stops_the_window_in_the_end(
    installation: Installation,
) -> None:
    claim = quick_claims.hanging(installation, "STORED")
    installation.eventually(lambda: installation.mails_to(claim.address), "the server has the mail")
    bounce(installation, notice_of(installation, claim))
    assert claim.notice().state == "sending"
    installation.smtp.behave()
    installation.eventually(lambda: claim.round_state == "stopped", "the window stops")
    assert claim.notice().state == "bounced"


def test_a_repeat_has_the_envelope_of_the_first_copy(installation: Installation) -> None:
    claim = quick_claims.hanging(installation, "STORED")
    installation.eventually(lambda: installation.mails_to(claim.address), "the server has the mail")
    installation.kill("worker")
    installation.smtp.behave()
    installation.start("worker")
    installation.forward(minutes=11)
    installation.eventually(claim.is_running, "the customer's days have begun")
    first, second = installation.mails_to(claim.address)
    assert first.mail_from == second.mail_from
    assert first.mail_from.startswith("returns+")


def test_a_mail_that_cannot_be_kept_is_left_to_the_mail_server(installation: Installation) -> None:
    claim = quick_claims.running(installation)
    notice = notice_of(installation, claim)
    raw = report(notice.mail_from, claim.address, diagnostic=GONE)
    wrong: list[dict[str, str]] = [
        {"database_url": "postgresql+psycopg://nobody@127.0.0.1:1/nothing"},
        {"database_url": "no address"},
        {"secret_keys": "short"},
        {"catalogue": "/nowhere.toml"},
    ]
    for settings in wrong:
        done = receive(installation, raw, **settings)
        assert done.returncode == EX_TEMPFAIL, settings
        assert claim.address.encode() not in done.stdout + done.stderr, "a mail server quotes this to strangers"
        assert b"Traceback" not in done.stderr
    assert claim.notice().state == "sent"
    assert receive(installation, raw).returncode == 0
    installation.eventually(lambda: claim.round_state == "stopped", "the window stops")


@pytest.mark.parametrize("times", [4])
def test_the_same_mail_taken_in_by_many_at_once_is_one(installation: Installation, times: int) -> None:
    from concurrent.futures import ThreadPoolExecutor

    claim = quick_claims.running(installation)
    raw = report(notice_of(installation, claim).mail_from, claim.address)
    with ThreadPoolExecutor(4) as pool:
        ends = list(pool.map(lambda _: receive(installation, raw).returncode, range(times)))
    assert ends == [0] * times
    installation.eventually(lambda: claim.round_state == "stopped", "the window stops")
    installation.sweep()
    bounced = "SELECT 1 FROM events WHERE claim_id = :id AND kind = 'mail:bounced'"
    assert len(installation.query(bounced, id=claim.id)) == 1


def test_a_reply_without_redis_and_worker_still_holds_the_closing(installation: Installation) -> None:
    claim = quick_claims.running(installation)
    message_id = notice_of(installation, claim).message["Message-ID"]
    installation.stop("worker")
    installation.redis.stop()
    assert receive(installation, reply(claim.address, "No!", answers=message_id)).returncode == 0
    installation.forward(days=8, hours=1)
    installation.redis.start()
    installation.start("worker")
    installation.sweep()
    assert claim.round_state == "running", "it was closed over an unread reply"


def test_neither_logs_nor_redis_say_who_wrote_or_to_whom(installation: Installation) -> None:
    claim = quick_claims.running(installation)
    notice = notice_of(installation, claim)
    bounce(installation, notice, diagnostic=f"smtp; 550 5.1.1 <{claim.address}> unknown")
    installation.eventually(lambda: claim.round_state == "stopped", "the window stops")
    installation.sweep()
    logs = json.dumps(installation.logs())
    assert claim.address not in logs
    assert notice.mail_from not in logs


def _with_signature_of(address: str, other: str) -> str:
    own, _, rest = address.partition("-")
    return f"{own}-{other.partition('-')[2].partition('@')[0]}@{rest.partition('@')[2]}"
