"""Team: everybody of the partner sees it, Global admins invite."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.models import Mail, User
from cpor_web.rules.exc import NotYours
from cpor_web.rules.roles import PARTNER_ROLES, Role
from cpor_web.users import people
from tests.support import factories
from tests.support.browser import Browser

SignIn = Callable[..., Browser]

VERA = {"name": "Vera Vang", "email": "vera@fabrikam.example.org", "role": "viewer", "language": "nl"}


@pytest.fixture
def chief(committed: Session) -> User:
    made = factories.user(committed, Role.GLOBAL_ADMIN, name="Greta Gard")
    committed.commit()
    return made


@pytest.fixture
def team(client: Browser, sign_in: SignIn, chief: User) -> Browser:
    """A Global admin's browser."""
    return sign_in(client, chief)


@pytest.mark.parametrize("role", sorted(PARTNER_ROLES))
def test_everybody_sees_their_own_team_and_only_global_admins_its_actions(
    client: Browser, committed: Session, sign_in: SignIn, role: Role
) -> None:
    user = factories.user(committed, role, name="Astrid Åberg")
    colleague = factories.user(committed, Role.VIEWER, partner=user.partner, name="Bo Berg")
    stranger = factories.user(committed, Role.VIEWER, name="Cem Can")
    committed.commit()
    page = sign_in(client, user).page("/team")
    words = page.main.get_text()
    assert colleague.email in words
    assert stranger.email not in words
    may_manage = role is Role.GLOBAL_ADMIN
    assert bool(page.main.find("a", href=f"/people/{colleague.id}")) == may_manage
    assert ("Send the invitation" in words) == may_manage


def test_who_is_invited_gets_a_mail_in_their_language_and_is_shown_as_invited(
    team: Browser, committed: Session, chief: User
) -> None:
    answer = team.submit("/team", VERA, page="/team")
    assert answer.location == "/team"
    vera = committed.scalar(select(User).where(User.name == "Vera Vang"))
    assert (vera.partner_id, vera.role, vera.language, vera.password) == (chief.partner_id, Role.VIEWER, "nl", None)
    mail = committed.scalar(select(Mail))
    assert (mail.kind, mail.to_address, mail.language, mail.user_id) == ("invitation", vera.email, "nl", vera.id)
    words = team.page("/team").main.get_text()
    assert "An invitation to Vera Vang is on its way to vera@fabrikam.example.org." in words
    assert "Invited" in words


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": ""}, "Fill in the name."),
        ({"email": "vera"}, "This is not an e-mail address."),
        ({"role": ""}, "Choose a role."),
        ({"role": "reviewer"}, "Not a valid choice"),
        ({"role": "administrator"}, "Not a valid choice"),
        ({"language": "fr"}, "Not a valid choice"),
    ],
)
def test_an_invitation_that_cannot_be_is_refused_with_what_was_typed(
    team: Browser, committed: Session, fields: dict[str, str], sentence: str
) -> None:
    answer = team.submit("/team", {**VERA, **fields}, page="/team")
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "vera@fabrikam.example.org" in answer.text or "email" in fields
    assert committed.scalar(select(Mail)) is None


def test_an_address_of_another_partners_user_is_taken_and_says_nothing_of_whose_it_is(
    team: Browser, committed: Session
) -> None:
    stranger = factories.user(committed, Role.VIEWER, name="Cem Can")
    committed.commit()
    answer = team.submit("/team", {**VERA, "email": stranger.email.upper()}, page="/team")
    assert answer.status_code == 422
    assert "Somebody has an account with this address already." in answer.text
    assert "Cem Can" not in answer.text


@pytest.mark.parametrize("role", sorted(PARTNER_ROLES - {Role.GLOBAL_ADMIN}))
def test_no_other_role_invites(client: Browser, committed: Session, sign_in: SignIn, role: Role) -> None:
    user = factories.user(committed, role)
    committed.commit()
    sign_in(client, user)
    assert client.submit("/team", VERA, page="/account").status_code == 404
    assert committed.scalar(select(Mail)) is None


def test_who_was_removed_meanwhile_is_told_so_and_keeps_what_they_typed(
    team: Browser, committed: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_late(*_: object, **__: object) -> None:
        raise NotYours(people.MEANWHILE)

    monkeypatch.setattr(people, "invite", too_late)
    answer = team.submit("/team", VERA, page="/team")
    assert answer.status_code == 409
    assert "deactivated meanwhile" in answer.text
    assert "vera@fabrikam.example.org" in answer.text
    assert committed.scalar(select(Mail)) is None
