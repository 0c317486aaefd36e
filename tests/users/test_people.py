"""Adding people."""

import pytest
from sqlalchemy.orm import Session

from cpor_web.rules.exc import Invalid
from cpor_web.rules.roles import CUSTOMERS, PARTNER_ROLES, REVIEWERS, SYSTEM_ONLY, Role
from cpor_web.users.people import add_user
from tests.support import factories


def test_a_person_is_added_with_role_partner_and_language(db_session: Session) -> None:
    partner = factories.partner(db_session)
    user = add_user(
        db_session,
        email=" Astrid@Fabrikam.Example.ORG ",
        name=" Astrid Åberg ",
        role=Role.GLOBAL_ADMIN,
        partner=partner,
        language="sv",
    )
    assert user.id is not None
    assert (user.email, user.name, user.language) == ("Astrid@fabrikam.example.org", "Astrid Åberg", "sv")
    assert user.actor.partner_id == partner.id
    assert user.password is None


def test_an_address_has_one_account_whatever_its_case(db_session: Session) -> None:
    add_user(db_session, email="kim@example.org", name="Kim", role=Role.REVIEWER, partner=None)
    with pytest.raises(Invalid) as refusal:
        add_user(db_session, email="KIM@example.org", name="Kim", role=Role.REVIEWER, partner=None)
    assert refusal.value.field_name == "email"


def test_the_session_lives_on_after_an_address_was_refused(db_session: Session) -> None:
    add_user(db_session, email="kim@example.org", name="Kim", role=Role.REVIEWER, partner=None)
    with pytest.raises(Invalid):
        add_user(db_session, email="kim@example.org", name="Kim", role=Role.REVIEWER, partner=None)
    assert add_user(db_session, email="lee@example.org", name="Lee", role=Role.REVIEWER, partner=None).id


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "kim"),
        ("email", "kim@example"),
        ("email", "kim@example.org\nBcc: lee@example.org"),
        ("email", "kïm@example.org"),
        ("name", " "),
        ("name", "Kim\u202e"),
        ("name", "K\u200bim"),
        ("name", "K\x9fim"),
        ("language", "fr"),
    ],
)
def test_input_that_cannot_be_is_refused_by_its_field(db_session: Session, field: str, value: str) -> None:
    person = {"email": "kim@example.org", "name": "Kim", "language": "en", field: value}
    with pytest.raises(Invalid) as refusal:
        add_user(db_session, role=Role.REVIEWER, partner=None, **person)
    assert refusal.value.field_name == field


@pytest.mark.parametrize("role", sorted(PARTNER_ROLES))
def test_a_partners_role_needs_a_partner(db_session: Session, role: Role) -> None:
    with pytest.raises(Invalid, match="needs its partner"):
        add_user(db_session, email="kim@example.org", name="Kim", role=role, partner=None)


@pytest.mark.parametrize("role", sorted(REVIEWERS))
def test_nobody_is_of_the_operator_and_of_a_partner(db_session: Session, role: Role) -> None:
    with pytest.raises(Invalid, match="belong to none"):
        add_user(db_session, email="kim@example.org", name="Kim", role=role, partner=factories.partner(db_session))


@pytest.mark.parametrize("role", sorted(CUSTOMERS | SYSTEM_ONLY))
def test_customers_and_the_system_have_no_account(db_session: Session, role: Role) -> None:
    with pytest.raises(Invalid, match="Nobody signs in"):
        add_user(db_session, email="kim@example.org", name="Kim", role=role, partner=None)
