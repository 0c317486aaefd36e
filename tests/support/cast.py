"""The people of the journeys, and what they do many times: filing a claim, approving it, reading a mail."""

import re
from dataclasses import dataclass
from itertools import count
from typing import Self
from uuid import uuid4

from sqlalchemy import select

from cpor_web.models import Partner, User
from cpor_web.rules.roles import Role
from cpor_web.samples.proof import pdf
from tests.support import factories
from tests.support.factories import PASSWORD
from tests.support.installation import Installation
from tests.support.person import TICKED, File, Person, Typed
from tests.support.received_mail import Mail

PROOF = File("signed order.pdf", pdf(("Signed by Carla Conti.",)))

WHERE_IS_INTUNE: dict[str, Typed] = {
    "Reasons": ["Missing products"],
    "In which product – Missing products": ["Intune"],
    "Comment": "Where is Intune?",
}
"""What Rosa asks for, of a claim for Teams and Intune."""

RESTORE = ("Restore the association", {"Yes, the denial was a mistake": TICKED})
SAY_YES = (
    "Yes, we work with this partner",
    {"I know this partner, and I may answer for my organisation": TICKED},
)
WRONG_PERSON = ("I am not the right person", {"Somebody else has to answer": TICKED})
"""Buttons of a customer's pages, each with the box that is to be ticked before."""

_numbers = count(1)


@dataclass
class Cast:
    """A partner's Ines, the vendor's Rosa, and Carla, who is the customer's contact and never signs in."""

    installation: Installation
    ines: Person
    rosa: Person
    partner: str
    ines_address: str
    rosa_address: str
    carla_address: str
    customer: str
    tenant: str
    reference: str = ""

    @classmethod
    def gather(cls, installation: Installation) -> Self:
        """Give the partner and the vendor their accounts and let both sign in."""
        with installation.session() as session:
            ines: User = factories.user(session)
            rosa: User = factories.user(session, Role.REVIEWER)
            assert ines.partner is not None
            partner = ines.partner.name
        number = next(_numbers)
        return cls(
            installation,
            installation.signed_in(ines.email, PASSWORD),
            installation.signed_in(rosa.email, PASSWORD),
            partner,
            ines.email,
            rosa.email,
            f"carla@contoso{number}.example.com",
            f"Contoso {number}",
            new_tenant(),
        )

    def claim(self) -> dict[str, Typed]:
        """Return what Ines writes into the form of a claim. The location is the second choice: see `file`."""
        return {
            "Claim name": f"Teams at {self.customer}",
            "Customer name": self.customer,
            "Customer domain": self.carla_address.partition("@")[2],
            "Customer tenant ID": self.tenant,
            "Solution area": "Microsoft 365",
            "Activity": "Usage",
            "Products": ["Teams", "Intune"],
            "Customer contact name": "Carla Conti",
            "Customer contact title": "Head of IT",
            "Customer contact email": self.carla_address,
            "Customer contact language": "English",
            "Partner contact name": "Ines Incentives",
            "Partner contact email": self.ines_address,
        }

    def file(self, **more: Typed) -> Self:
        """Let Ines write the claim, upload the proof and submit it."""
        self.ines.open("/claims").follow("Add customer")
        location = next(words for words in self._mpn_ids() if "Oslo" in words)
        self.ines.press("Save", {**self.claim(), "MPN ID": location, **more})
        self.reference = self.ines.address.partition("#")[0].rpartition("/")[2]
        self.ines.press("Upload", {"Document": PROOF})
        self.ines.press("Submit for approval")
        assert self.ines.sees("Submitted"), self.ines.words
        return self

    def review(self) -> Self:
        """Let Rosa take it."""
        self.rosa.open(f"/review/{self.reference}").press("Start review")
        return self

    def approve(self) -> Self:
        """Let Rosa take it and approve."""
        self.review()
        self.rosa.press("Approve")
        assert self.rosa.sees("Approved"), self.rosa.words
        return self

    def notice(self) -> Mail:
        """Return Carla's notice once it has come and its taking is noted."""
        notice = self.installation.mail_to(self.carla_address, "You can deny it")
        self.installation.all_mail_is_out()
        self.installation.eventually(
            lambda: self.status_words("The customer may deny."), "the customer's days have begun"
        )
        return notice

    def status_words(self, *words: str) -> bool:
        """Tell whether Ines' page of the claim has these words."""
        return self.ines.open(f"/claims/{self.reference}").sees(*words)

    def told(self, address: str, subject: str, *words: str) -> Mail:
        """Return a mail to `address` with these words in its subject and these in its text, once it has come."""

        def fitting() -> Mail | None:
            mails = (mail for mail in self.installation.mails_to(address) if subject in mail.message["Subject"])
            return next((mail for mail in mails if all(each in text_of(mail) for each in words)), None)

        return self.installation.eventually(fitting, f"“{subject}” with {words} came to {address}")

    def reviewer(self) -> Person:
        """Let Rune sign in, another of the vendor's reviewers."""
        with self.installation.session() as session:
            rune = factories.user(session, Role.REVIEWER)
        return self.installation.signed_in(rune.email, PASSWORD)

    def colleague(self, role: Role = Role.INCENTIVES_ADMIN) -> Person:
        """Let a colleague of Ines sign in."""
        with self.installation.session() as session:
            partner = session.scalars(select(Partner).where(Partner.name == self.partner)).one()
            ingrid = factories.user(session, role, partner=partner)
        return self.installation.signed_in(ingrid.email, PASSWORD)

    def _mpn_ids(self) -> list[str]:
        return [" ".join(option.get_text().split()) for option in self.ines.page.find(id="mpn_id")("option")]


def new_tenant() -> str:
    """Return the tenant ID of a customer whom nobody has claimed: partners' claims for one tenant compete."""
    return str(uuid4())


def text_of(mail: Mail) -> str:
    """Return a mail's plain text with every blank a single one."""
    return " ".join(plain(mail).split())


def plain(mail: Mail) -> str:
    """Return a mail's plain text."""
    part = mail.message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def link_in(mail: Mail, purpose: str) -> str:
    """Return the address of a customer's link (d, u, y) in a mail: it stands alone on its line."""
    found = re.search(rf"^(https?://\S+/{purpose}/\S+)\r?$", plain(mail), re.MULTILINE)
    assert found, plain(mail)
    return found[1]
