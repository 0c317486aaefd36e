"""A real Postfix sends our mail on, and sends back what it cannot deliver, through its pipe.

Without Postfix, or not as root, these tests are skipped; CPOR_TEST_POSTFIX=required makes them fail instead.
"""

import os
from collections.abc import Callable, Iterator

import pytest

from tests.support import postfix, quick_claims
from tests.support.cast import text_of
from tests.support.incoming_mail import receive
from tests.support.installation import Installation
from tests.support.postfix import Postfix
from tests.support.servers import Servers, free_port
from tests.support.smtp_server import ScriptedServer

NOWHERE = {"database_url": "postgresql+psycopg://nobody@127.0.0.1:1/nothing"}

pytestmark = pytest.mark.skipif(
    not postfix.is_there() and os.environ.get("CPOR_TEST_POSTFIX") != "required", reason="Postfix is not installed"
)


class House:
    """An installation that sends through Postfix, whose pipe ends in `cpor mail receive`."""

    def __init__(self, database: str, tmp_path_factory: pytest.TempPathFactory) -> None:
        relay = free_port()
        self.told: dict[str, str] = {}
        self.codes: list[int] = []
        self.postfix = Postfix(relay, self._receive)
        self.installation = Installation(
            database, tmp_path_factory.mktemp("postfix"), mail_port=str(self.postfix.port)
        )
        self.installation.smtp = ScriptedServer(port=relay)

    def _receive(self, raw: bytes) -> int:
        code = receive(self.installation, raw, **self.told).returncode
        self.codes.append(code)
        return code

    def wait(self, happens: Callable[[], object], what: str) -> None:
        try:
            self.installation.eventually(happens, what)
        except AssertionError as error:
            raise AssertionError(f"{error}\n--- postfix\n{self.postfix.log}") from None


@pytest.fixture(scope="module")
def house(running: Servers, worker_number: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(running.new_database(f"cpor_postfix_{worker_number}"), tmp_path_factory)
    with house.postfix, house.installation:
        yield house


def test_a_mail_to_nobody_comes_back_and_stops_the_window(house: House) -> None:
    claim = quick_claims.approved(house.installation, domain="contoso.example.com")
    house.wait(lambda: claim.round_state == "stopped", "the window stops")
    notice = claim.notice()
    assert (notice.state, notice.bounce) == ("bounced", '5.1.1 unknown user: "carla"')
    assert notice.sent_at is not None, "Postfix had taken it"
    told = text_of(house.installation.mail_to(claim.partner_address, "A mail was not delivered"))
    assert "5.1.1" in told
    assert "unknown user" not in told, "a mail server's words are for reviewers"
    assert house.installation.mail_to(claim.partner_address, "Please name a right contact")
    (raw,) = house.installation.query(
        "SELECT convert_from(raw, 'UTF8') FROM received_mails WHERE mail_id = :id", id=notice.id
    )[0]
    assert "Delivered-To: returns+" in raw
    assert "/d/" not in raw.split("Content-Type: message/rfc822")[1], "the mail that came back is kept with its link"


def test_a_mail_that_the_next_server_refuses_comes_back(house: House) -> None:
    house.installation.smtp.fail("RCPT", "550 5.7.1 Not from strangers", address="carla@strict.example.com")
    claim = quick_claims.approved(house.installation, domain="strict.example.com")
    house.wait(lambda: claim.round_state == "stopped", "the window stops")
    assert claim.notice().bounce == "5.7.1 550 5.7.1 Not from strangers"


def test_a_mail_that_is_late_is_put_on_record_and_one_that_is_given_up_stops_the_window(house: House) -> None:
    """Postfix reports a delay with 4.x.x, and with 4.x.x too that it has given the mail up: the action tells."""
    house.installation.smtp.fail("RCPT", "451 4.2.0 Come back later", address="carla@slow.example.com")
    claim = quick_claims.approved(house.installation, domain="slow.example.com")
    kinds = "SELECT r.kind FROM received_mails r JOIN mails m ON m.id = r.mail_id WHERE m.claim_id = :id ORDER BY 1"
    house.wait(lambda: house.installation.query(kinds, id=claim.id), "the report of the delay has come")
    assert claim.is_running()
    house.postfix.give_up_what_waits()
    house.wait(lambda: claim.round_state == "stopped", "the window stops")
    found = [kind for (kind,) in house.installation.query(kinds, id=claim.id)]
    assert found == ["hard-bounce", "soft-bounce"]
    assert claim.notice().bounce.startswith("4.2.0 451 4.2.0 Come back later")
    events = "SELECT kind FROM events WHERE claim_id = :id AND kind IN ('mail:delayed', 'mail:bounced') ORDER BY id"
    assert [k for (k,) in house.installation.query(events, id=claim.id)] == ["mail:delayed", "mail:bounced"]


def test_while_the_database_is_away_postfix_keeps_what_came_back(house: House) -> None:
    house.codes.clear()
    house.told = NOWHERE
    try:
        claim = quick_claims.approved(house.installation, domain="contoso.example.com")
        house.wait(lambda: 75 in house.codes, "the pipe says that it cannot take it now")
        assert claim.notice().state == "sent"
    finally:
        house.told = {}
    house.wait(lambda: claim.round_state == "stopped", "the window stops")
