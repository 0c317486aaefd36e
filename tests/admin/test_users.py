from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from cpor_web.models import Mail, User
from cpor_web.rules.roles import Role
from tests.support import factories
from tests.support.browser import Browser


def add(office: Browser, **fields: Any) -> TestResponse:
    typed = {
        "name": "Noor Admin",
        "email": "noor@fabrikam.example.org",
        "role": "viewer",
        "partner": "",
        "language": "sv",
    }
    return office.submit("/admin/users", {**typed, **fields}, page="/admin/users")


def added(session: Session) -> User | None:
    return session.scalar(select(User).where(User.name == "Noor Admin"))


def test_a_partners_user_is_added_and_invited_by_mail(office: Browser, committed: Session) -> None:
    partner = factories.partner(committed, "Fabrikam")
    committed.commit()

    answer = add(office, role="global-admin", partner=partner.id)

    assert answer.status_code == 302
    user = added(committed)
    assert (user.role, user.partner_id, user.language) == (Role.GLOBAL_ADMIN, partner.id, "sv")
    assert user.password is None
    mail = committed.scalar(select(Mail))
    assert (mail.kind, mail.to_address, mail.user_id, mail.language) == ("invitation", user.email, user.id, "sv")
    assert "An invitation is on its way to noor@fabrikam.example.org." in office.page("/admin/users").main.get_text()


def test_a_reviewer_belongs_to_the_operator(office: Browser, committed: Session) -> None:
    assert add(office, role="reviewer").status_code == 302
    assert added(committed).partner_id is None


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"role": ""}, "Choose a role."),
        ({"role": "customer"}, "Not a valid choice"),
        ({"role": "viewer"}, "needs its partner"),
        ({"role": "reviewer", "name": ""}, "Fill in the name."),
        ({"role": "reviewer", "email": "nobody"}, "This is not an e-mail address."),
        ({"role": "reviewer", "partner": "999999"}, "Not a valid choice"),
        ({"role": "reviewer", "language": "fr"}, "Not a valid choice"),
    ],
)
def test_a_user_that_cannot_be_is_refused_and_nobody_is_mailed(
    office: Browser, committed: Session, fields: dict[str, str], sentence: str
) -> None:
    answer = add(office, **fields)

    assert answer.status_code == 422
    assert sentence in answer.text
    assert "noor@fabrikam.example.org" in answer.text or "email" in fields
    assert added(committed) is None
    assert committed.scalar(select(Mail)) is None


def test_an_address_has_one_account(office: Browser, committed: Session, administrator: User) -> None:
    answer = add(office, role="reviewer", email=administrator.email.upper())

    assert answer.status_code == 422
    assert "Somebody has an account with this address already." in answer.text


def test_every_user_has_a_page_of_their_own_that_leads_back(office: Browser, committed: Session) -> None:
    user = factories.user(committed, Role.VIEWER, name="Vera Vang", active=False)
    committed.commit()
    page = office.page("/admin/users")
    assert "Not active" in page.main.get_text()
    link = page.find("a", href=f"/people/{user.id}")
    assert link.get_text() == "Change Vera Vang"
    assert office.page(link["href"]).select_one(".back a")["href"] == "/admin/users"
