"""What a soak works on: an installation, its people, the claims, and what was done to them."""

import random
import ssl
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request

from sqlalchemy import text
from sqlalchemy.orm import Session

from cpor_web.embedded.postgres import EmbeddedPostgres
from cpor_web.models import Claim, User
from cpor_web.rules.exc import Refused
from cpor_web.rules.roles import Role
from tests.support import factories
from tests.support.installation import Installation
from tests.support.received_mail import Mail
from tests.support.servers import free_port

WORKERS = 3
"""On each machine."""

NOTICES = ("consent-notice", "confirmation-request")


class World:
    """One soak. `done` counts actions by name, `struck` faults; what denied with a 200 is in `denied`."""

    def __init__(
        self,
        installation: Installation,
        chance: random.Random,
        *,
        postgres: EmbeddedPostgres,
        bad_certificates: Sequence[ssl.SSLContext],
        machines: int = 1,
    ) -> None:
        """postgres: the installation's own. bad_certificates: what its mail server can pretend to be.

        machines: where its processes run, 1 or 2, with one database, one Redis and one proxy before them.
        """
        self.installation = installation
        self.workers = WORKERS * machines
        self._crews = ("worker", "worker2")[:machines]
        self._webs = [installation.url]
        if machines > 1:
            self._start_a_second_machine()
        self.postgres = postgres
        self.bad_certificates = bad_certificates
        self.chance = chance
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.struck: Counter[str] = Counter()
        self.may_be_doubled = 0
        """Mails that faults may have put in doubt: one an answer that was lost, one a worker that was killed."""
        self.held_up = 0
        """Windows that were due when it was held, counted at the moment when that began."""
        self.denied: list[int] = []
        self.mends: list[tuple[int, Callable[[], object]]] = []
        self.customers = 0
        with installation.session() as session:
            self.filers = [factories.user(session) for _ in range(3)]
            self.reviewers = [factories.user(session, Role.REVIEWER) for _ in range(3)]
            self.administrator = factories.user(session, Role.ADMINISTRATOR)

    def _start_a_second_machine(self) -> None:
        port = free_port()
        self._webs.append(f"http://127.0.0.1:{port}")
        self.installation.start("web2", port=str(port))
        self.installation.start("worker2")
        self.installation.start("ticker2")

    def stop_workers(self) -> None:
        """Have nobody at work on any machine."""
        for crew in self._crews:
            self.installation.stop(crew)

    def start_workers(self) -> None:
        for crew in self._crews:
            self.installation.start(crew)

    def through_the_proxy(self, url: str, body: bytes) -> Request:
        """Return what a proxy makes of a POST to our address: it goes to some machine, and says to whom."""
        web = self.chance.choice(self._webs)
        to = url.replace(self.installation.url, web)
        return Request(to, body, {"Host": urlsplit(url).netloc}, method="POST")

    @property
    def smtp(self) -> Any:
        return self.installation.smtp

    def about(self, user: User) -> dict[str, Any]:
        """Return what every verb is told."""
        return {"actor": user.actor, "now": self.now(), "programme": self.installation.programme}

    def now(self) -> datetime:
        return self.installation.now()

    def do(self, name: str, verb: Callable[[Session], object]) -> bool:
        """Do something in a transaction of its own; tell whether the rules let it."""
        try:
            with self.installation.session() as session:
                verb(session)
        except Refused:
            self.refused[name] += 1
            return False
        self.done[name] += 1
        return True

    def waiting(self) -> int:
        """Return how many mails are due."""
        return self.installation.query("SELECT count(*) FROM mails WHERE due_at <= :now", now=self.now())[0][0]

    def let_mails_go_out(self, *, down_to: int, within: float) -> None:
        """Wait for the workers, as long as they get on with it and at most so many seconds."""
        until = time.monotonic() + within
        while self.waiting() > down_to and time.monotonic() < until:
            with suppress(TimeoutError):
                self.smtp.wait_for(len(self.smtp.mails) + 1, timeout=1.0)

    def any_claim(self, where: str) -> int | None:
        """Return the id of some claim with its newest round `r` for which the condition holds."""
        found = self.ids(
            "SELECT c.id FROM claims c LEFT JOIN LATERAL (SELECT * FROM rounds WHERE claim_id = c.id"
            f" ORDER BY number DESC LIMIT 1) r ON true WHERE {where} ORDER BY c.id"
        )
        return self.chance.choice(found) if found else None

    def ids(self, statement: str) -> Sequence[int]:
        with self.installation.engine.connect() as connection:
            return list(connection.scalars(text(statement)))

    def any_notice(self) -> Mail | None:
        """Return some notice that has come to a customer."""
        notices = self.notices()
        return self.chance.choice(notices) if notices else None

    def notices(self) -> list[Mail]:
        """Return the notices that have come to customers."""
        return [mail for mail in list(self.smtp.mails) if "List-Unsubscribe" in mail.message]

    def claim_of(self, notice: Mail) -> int | None:
        """Return the claim about which a notice asks, unless another contact is asked instead."""
        found = self.installation.query(
            "SELECT m.claim_id FROM mails m JOIN invitations i ON i.id = m.invitation_id"
            " WHERE m.message_id = :id AND i.superseded_at IS NULL",
            id=str(notice.message["Message-ID"]),
        )
        return found[0].claim_id if found else None

    def reviewer_of(self, claim: Claim) -> User:
        assert claim.reviewer is not None
        return claim.reviewer
