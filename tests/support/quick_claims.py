"""Claims that an installation has without anybody's having clicked: for what happens to their mails and windows."""

from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

from sqlalchemy import Row, text

from cpor_web.claims.drafts import ContactDraft
from cpor_web.emails import outbox
from cpor_web.emails.outbox import Recipient
from cpor_web.models import Claim, Mail, User
from tests.support import claims
from tests.support.installation import Installation
from tests.support.smtp_conversation import Step

_numbers = count(1)


@dataclass(frozen=True)
class QuickClaim:
    """A claim by its reference, with the addresses that its mails go to."""

    installation: Installation
    id: int
    reference: str
    partner_address: str
    address: str
    second_address: str

    @property
    def status(self) -> str:
        return str(self._row("SELECT status FROM claims WHERE id = :id")[0])

    @property
    def round_state(self) -> str:
        return str(self._row("SELECT state FROM rounds WHERE claim_id = :id ORDER BY number DESC LIMIT 1")[0])

    @property
    def end(self) -> datetime:
        """The end of the customer's days, once they have begun."""
        end: datetime = self._row("SELECT ends_at FROM rounds WHERE claim_id = :id ORDER BY number DESC LIMIT 1")[0]
        return end

    def notice(self) -> Row[Any]:
        """Return the row of the first contact's newest notice."""
        return self._row(
            "SELECT * FROM mails WHERE claim_id = :id AND kind = 'consent-notice' ORDER BY id DESC LIMIT 1"
        )

    def is_running(self) -> bool:
        return self.round_state == "running"

    def _row(self, statement: str) -> Row[Any]:
        with self.installation.engine.connect() as connection:
            return connection.execute(text(statement), {"id": self.id}).one()


def approved(
    installation: Installation, *, contacts: int = 1, domain: str = "", filer: User | None = None
) -> QuickClaim:
    """An approved claim whose notices are queued. Nobody rings for them: the next tick does."""
    domain = domain or f"customer{next(_numbers)}.example.com"
    addresses = [f"carla@{domain}", f"carlo@{domain}"]
    people = [ContactDraft("Carla Conti", "", addresses[0]), ContactDraft("Carlo Conti", "", addresses[1])]
    with installation.session() as session:
        claim: Claim = claims.approved(
            session,
            installation.programme,
            now=installation.now(),
            filer=session.merge(filer) if filer else None,
            customer_domain=domain,
            contact=people[0],
            second=people[1] if contacts == 2 else ContactDraft(),
        )
        session.flush()
        return QuickClaim(installation, claim.id, claim.reference, claim.partner_contact_email or "", *addresses)


def hanging(installation: Installation, step: Step) -> QuickClaim:
    """An approved claim at whose notice the mail server falls silent, at this step, however quick the worker is."""
    domain = f"customer{next(_numbers)}.example.com"
    installation.smtp.hang(step, address=f"carla@{domain}")
    return approved(installation, domain=domain)


def running(installation: Installation) -> QuickClaim:
    """An approved claim whose customer's days have begun."""
    claim = approved(installation)
    installation.eventually(claim.is_running, "the customer's days have begun")
    return claim


def queue_mails(claim: QuickClaim, number: int, domain: str) -> list[str]:
    """Queue so many mails about a claim, each to a reader of its own at `domain`; return the readers' addresses.

    Nobody rings for them: the next tick does.
    """
    addresses = [f"reader{each}@{domain}" for each in range(number)]
    with claim.installation.session() as session:
        told = session.query(Mail).filter_by(claim_id=claim.id, kind="approved").one()
        for address in addresses:
            reader, now = Recipient(address, "", "en"), claim.installation.now()
            outbox.put(session, told.kind, reader, told.context, now=now, claim_id=claim.id)
    return addresses
