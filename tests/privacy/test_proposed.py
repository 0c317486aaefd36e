"""Who was proposed as a customer's contact and never asked: an address that no row has any more, but the history."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from cpor_web.claims import contacts, operations
from cpor_web.claims.drafts import ContactDraft
from cpor_web.consent import answers
from cpor_web.privacy import export, person
from cpor_web.programme import Programme
from cpor_web.rules.reasons import Withdrawal
from cpor_web.rules.roles import Role
from tests.privacy.conftest import erase, in_every_table
from tests.privacy.test_retention import all_sent
from tests.support import claims, factories
from tests.support.claims import NOW


@pytest.mark.parametrize("is_replaced", [False, True], ids=["turned down", "replaced by another"])
def test_who_was_proposed_and_never_asked_is_found_and_is_in_no_table_once_erased(
    db_session: Session, programme: Programme, is_replaced: bool
) -> None:
    claim = claims.running(db_session, programme)
    (asked,) = claims.invitations_of(db_session, claim)
    about: dict[str, Any] = {"now": NOW, "programme": programme}
    answers.not_the_right_person(db_session, asked, **about)
    of_whom: dict[str, Any] = {"instead_of": asked.contact_id, "actor": claim.filed_by.actor, **about}
    proposed = ContactDraft(name="Hanna Hollander", title="Buyer", email="Hanna@gmail.com", reason="She uses it.")
    contacts.propose_contact(db_session, claim, proposed, **of_whom)
    if is_replaced:
        contacts.propose_contact(
            db_session, claim, ContactDraft(name="Emil", email="e@contoso.example.com"), **of_whom
        )
    else:
        reviewer = claim.reviewer
        assert reviewer is not None
        contacts.turn_down(db_session, claim, "Who is that?", actor=reviewer.actor, **about)
    operations.withdraw(db_session, claim, Withdrawal.CUSTOMER_LEFT, actor=claim.filed_by.actor, **about)
    all_sent(db_session)
    db_session.execute(text("UPDATE claims SET dispute_until = NULL, dispute_rule = NULL"))

    who = person.find(db_session, "hanna@gmail.com")
    assert (who.names, who.claims) == ({"Hanna Hollander"}, (claim.id,))
    told = export.of_person(db_session, who, now=NOW)
    assert {each["kind"] for each in told["events"]} >= {"contact:proposed"}
    erase(db_session, "hanna@gmail.com")
    assert in_every_table(db_session, "Hollander", "hanna@gmail.com") == []


@pytest.mark.parametrize("first", ["who proposed them", "whom they were to replace"])
def test_who_was_turned_down_is_found_and_erased_after_another_in_the_claim_was(
    db_session: Session, programme: Programme, first: str
) -> None:
    claim = claims.running(db_session, programme)
    (asked,) = claims.invitations_of(db_session, claim)
    factories.user(db_session, Role.GLOBAL_ADMIN, partner=claim.partner)  # takes the place of who filed it
    by, reviewer = claim.filed_by.actor, claim.reviewer
    assert reviewer is not None
    about: dict[str, Any] = {"now": NOW, "programme": programme}
    answers.not_the_right_person(db_session, asked, **about)
    hanna = ContactDraft(name="Hanna Hollander", email="hanna@gmail.com", reason="She uses it.")
    contacts.propose_contact(db_session, claim, hanna, instead_of=asked.contact_id, actor=by, **about)
    contacts.turn_down(db_session, claim, "Who is that?", actor=reviewer.actor, **about)
    operations.withdraw(db_session, claim, Withdrawal.CUSTOMER_LEFT, actor=by, **about)
    all_sent(db_session)
    db_session.execute(text("UPDATE claims SET dispute_until = NULL, dispute_rule = NULL"))

    erase(db_session, claim.filed_by.email if first == "who proposed them" else asked.contact.email)
    assert person.find(db_session, "hanna@gmail.com").names == {"Hanna Hollander"}
    erase(db_session, "hanna@gmail.com")
    assert in_every_table(db_session, "Hollander", "hanna@gmail.com") == []
