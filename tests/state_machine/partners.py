"""What partners do, and what others try in their stead."""

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from sqlalchemy.orm import Session

from cpor_web.claims import contacts, operations, queries
from cpor_web.claims.drafts import ContactDraft, Draft
from cpor_web.models import Claim, Document, User
from cpor_web.rules.actions import Action
from cpor_web.rules.reasons import Withdrawal
from tests.state_machine.played import Played, anybody, is_old, mostly, numbers, partners
from tests.state_machine.world import PARTNERS
from tests.support.claims import draft_of

MOST_CLAIMS = 2
SECOND = ContactDraft(name="Dora Diaz", email="dora@contoso.example.com", language="de")
FREE_MAIL = ContactDraft(name="Frida Falk", email="frida@gmail.com", reason="She has no other address.")
NEWCOMERS = (
    ContactDraft(name="Emil Ek", email="emil@contoso.example.com", language="sv"),
    ContactDraft(name="Gerda Gross", email="gerda@contoso.example.com"),
    ContactDraft(name="Carla Conti", email="carla@contoso.example.com"),
    ContactDraft(name="Nobody", email="nobody@fabrikam1.example.org"),
    ContactDraft(),
)
EDITS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "the products": {"products": ("exchange-online",)},
    "the first contact": {"contact": NEWCOMERS[1]},
    "a second contact": {"second": SECOND},
    "a free-mail contact": {"contact": FREE_MAIL},
    "no partner contact": {"partner_contact_email": ""},
    "the customer": {"customer_name": "Litware", "customer_domain": "litware.example.com"},
    "a wrong product": {"products": ("dynamics-365-sales",)},
}


class Partners(Played):
    """Files, edits, proves, submits, gives up, disputes, proposes contacts."""

    @precondition(lambda self: len(self.world.rows["claims"]) < MOST_CLAIMS)
    @rule(who=mostly(*PARTNERS), edit=st.sampled_from(sorted(EDITS)))
    def files_a_claim(self, who: str, edit: str = "nothing") -> None:
        actor = self.world.actors[who]

        def create(session: Session) -> Claim:
            filer = session.get_one(User, self.world.actors["filer"].user_id)
            draft = replace(draft_of(filer), **EDITS[edit])
            return operations.create(session, draft, actor=actor, **self.about)

        self.world.act(create)

    @rule(who=partners, number=numbers, edit=st.sampled_from(sorted(EDITS)), is_old=is_old)
    def edits(self, who: str, number: int, edit: str, is_old: bool) -> None:
        def save(session: Session, claim: Claim, **about: Any) -> Any:
            draft = replace(Draft.from_claim(claim), **EDITS[edit])
            return operations.save(session, claim, draft, seen=claim.version - is_old, **about)

        self.world.person(who, number, save, programme=self.programme)

    @rule(who=partners, number=numbers, replaces=st.sampled_from((False, False, True)))
    def uploads_a_proof(self, who: str, number: int = 0, replaces: bool = False) -> None:
        proof = Document(sha256="0" * 64, filename="signed order.pdf", media_type="application/pdf", size=1024)
        old = next((row["id"] for row in self.world.rows["documents"]), 0) if replaces else None
        self.world.person(who, number, operations.upload, proof, replaces=old, programme=self.programme)

    @rule(who=partners, number=numbers, which=st.integers(0, 2))
    def takes_a_proof_off(self, who: str, number: int = 0, which: int = 0) -> None:
        def take_off(session: Session, claim: Claim, **about: Any) -> Any:
            if there := queries.documents_of(session, claim):
                operations.take_off(session, claim, there[which % len(there)], seen=claim.version, **about)

        self.world.person(who, number, take_off)

    @rule(who=partners, number=numbers, is_old=is_old)
    def submits(self, who: str, number: int = 0, is_old: bool = False) -> None:
        self.world.decide(Action.SUBMIT, who, number, operations.submit, is_old=is_old)

    @rule(who=partners, number=numbers, is_old=is_old)
    def resubmits(self, who: str, number: int = 0, is_old: bool = False) -> None:
        self.world.decide(Action.RESUBMIT, who, number, operations.resubmit, is_old=is_old)

    @rule(who=partners, number=numbers)
    def deletes_the_draft(self, who: str, number: int) -> None:
        self.world.decide(Action.DELETE, who, number, operations.delete_draft)

    @rule(who=partners, number=numbers, why=st.sampled_from((*Withdrawal, None)), is_old=is_old)
    def requests_rejection(self, who: str, number: int, why: Withdrawal | None, is_old: bool) -> None:
        self.world.decide(Action.WITHDRAW, who, number, operations.withdraw, why, is_old=is_old)

    @rule(who=partners, number=numbers, why=st.sampled_from(("The customer was mistaken.", " ")), is_old=is_old)
    def disputes(self, who: str, number: int = 0, why: str = "A mistake.", is_old: bool = False) -> None:
        self.world.decide(Action.DISPUTE, who, number, operations.dispute, why, is_old=is_old)

    @precondition(lambda self: 0 < len(self.world.rows["claims"]) < MOST_CLAIMS)
    @rule(who=partners, number=numbers)
    def starts_anew_from(self, who: str, number: int) -> None:
        def begin(session: Session, claim: Claim, **about: Any) -> Any:
            return operations.create(session, Draft.anew(claim, is_same_customer=True), **about)

        self.world.person(who, number, begin, programme=self.programme)

    @rule(who=anybody, number=numbers)
    def comments(self, who: str, number: int) -> None:
        self.world.person(who, number, operations.comment, "Any news?", programme=self.programme)

    @rule(who=partners, number=numbers, whom=st.integers(0, 2), newcomer=st.sampled_from(NEWCOMERS))
    def proposes_another_contact(
        self, who: str, number: int = 0, whom: int = 0, newcomer: ContactDraft = NEWCOMERS[0]
    ) -> None:
        def propose(session: Session, claim: Claim, **about: Any) -> Any:
            known = [contact.id for contact in claim.contacts] or [0]
            return contacts.propose_contact(session, claim, newcomer, instead_of=known[whom % len(known)], **about)

        self.world.person(who, number, propose, programme=self.programme)
