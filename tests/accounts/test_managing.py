"""Who manages whom: their own partner's Global admins, and administrators; somebody is always left who can."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from cpor_web.models import Mail, Partner, User
from cpor_web.programme import Programme
from cpor_web.rules.exc import Invalid, NotAllowed, NotYours, Refused
from cpor_web.rules.roles import PARTNER_ROLES, REVIEWERS, Actor, Role
from cpor_web.users import people
from tests.support import factories
from tests.support.claims import NOW

Verb = Callable[[Session, User, Actor], None]


def reactivate(session: Session, user: User, actor: Actor, programme: Programme) -> None:
    people.reactivate(session, user, actor=actor, now=NOW, programme=programme, issuer="")


def verbs(programme: Programme) -> dict[str, Verb]:
    about = {"now": NOW, "programme": programme}
    return {
        "rename": lambda s, user, actor: people.rename(s, user, "Bea", actor=actor),
        "change_role": lambda s, user, actor: people.change_role(s, user, user.role, actor=actor, now=NOW),
        "deactivate": lambda s, user, actor: people.deactivate(s, user, actor=actor, now=NOW),
        "reactivate": lambda s, user, actor: people.reactivate(s, user, actor=actor, issuer="", **about),
        "invite_again": lambda s, user, actor: people.invite_again(s, user, actor=actor, **about),
    }


VERBS = ("rename", "change_role", "deactivate", "reactivate", "invite_again")


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("role", sorted((PARTNER_ROLES | REVIEWERS) - {Role.GLOBAL_ADMIN, Role.ADMINISTRATOR}))
def test_no_other_role_manages_anybody(db_session: Session, programme: Programme, verb: str, role: Role) -> None:
    user = factories.user(db_session, Role.VIEWER, password=None)
    actor = factories.user(db_session, role, partner=user.partner if role in PARTNER_ROLES else None)
    with pytest.raises(NotYours):
        verbs(programme)[verb](db_session, user, actor.actor)


@pytest.mark.parametrize("verb", VERBS)
def test_a_global_admin_manages_nobody_of_another_partner_or_of_the_operator(
    db_session: Session, programme: Programme, verb: str
) -> None:
    actor = factories.user(db_session, Role.GLOBAL_ADMIN).actor
    for role in (Role.VIEWER, Role.REVIEWER):
        with pytest.raises(NotYours):
            verbs(programme)[verb](db_session, factories.user(db_session, role, password=None), actor)


@pytest.mark.parametrize("verb", VERBS)
def test_global_admins_manage_their_team_and_administrators_everybody(
    db_session: Session, programme: Programme, verb: str
) -> None:
    administrator = factories.user(db_session, Role.ADMINISTRATOR)
    chief = factories.user(db_session, Role.GLOBAL_ADMIN)
    for actor in (administrator, chief):
        user = factories.user(db_session, Role.VIEWER, partner=chief.partner, password=None)
        verbs(programme)[verb](db_session, user, actor.actor)
    verbs(programme)[verb](db_session, factories.user(db_session, Role.REVIEWER, password=None), administrator.actor)


def test_the_actor_sees_their_own_team_and_an_administrator_everybody(db_session: Session) -> None:
    viewer = factories.user(db_session, Role.VIEWER, name="zoe")
    colleague = factories.user(db_session, Role.BILLING_ADMIN, partner=viewer.partner, name="Abe")
    stranger = factories.user(db_session, Role.VIEWER)
    administrator = factories.user(db_session, Role.ADMINISTRATOR)

    assert people.people_of(db_session, viewer.actor) == [colleague, viewer]
    assert people.person_of(db_session, viewer.actor, stranger.id) is None
    assert people.person_of(db_session, viewer.actor, administrator.id) is None
    assert {stranger, administrator, viewer} <= set(people.people_of(db_session, administrator.actor))


@pytest.mark.parametrize("role", [Role.GLOBAL_ADMIN, Role.ADMINISTRATOR])
def test_the_last_who_manages_is_neither_demoted_nor_removed(db_session: Session, role: Role) -> None:
    last = factories.user(db_session, role, name="Lena")
    gone = factories.user(db_session, role, partner=last.partner, active=False)
    other = factories.user(db_session, Role.ADMINISTRATOR) if role is Role.GLOBAL_ADMIN else last
    lower = Role.VIEWER if role is Role.GLOBAL_ADMIN else Role.REVIEWER

    with pytest.raises(NotAllowed, match="Lena is the last active"):
        people.change_role(db_session, last, lower, actor=other.actor, now=NOW)
    with pytest.raises(NotAllowed):
        people.deactivate(db_session, last, actor=other.actor, now=NOW)
    assert (last.role, last.active) == (role, True)

    people.change_role(db_session, gone, lower, actor=other.actor, now=NOW)
    assert gone.role is lower


@pytest.mark.parametrize("role", [Role.GLOBAL_ADMIN, Role.ADMINISTRATOR])
def test_of_two_who_manage_one_can_be_demoted_and_even_demote_themselves(db_session: Session, role: Role) -> None:
    one = factories.user(db_session, role)
    factories.user(db_session, role, partner=one.partner)
    lower = Role.VIEWER if role is Role.GLOBAL_ADMIN else Role.REVIEWER
    people.change_role(db_session, one, lower, actor=one.actor, now=NOW)
    assert one.role is lower


@pytest.mark.parametrize("role", [Role.GLOBAL_ADMIN, Role.ADMINISTRATOR])
def test_nobody_removes_themselves(db_session: Session, role: Role) -> None:
    one = factories.user(db_session, role)
    factories.user(db_session, role, partner=one.partner)
    with pytest.raises(NotAllowed, match="your own account"):
        people.deactivate(db_session, one, actor=one.actor, now=NOW)
    assert one.active


@pytest.mark.parametrize("role", [Role.GLOBAL_ADMIN, Role.REVIEWER])
def test_a_role_of_the_other_side_is_refused(db_session: Session, role: Role) -> None:
    administrator = factories.user(db_session, Role.ADMINISTRATOR)
    user = factories.user(db_session, role)
    other = Role.REVIEWER if role is Role.GLOBAL_ADMIN else Role.VIEWER
    with pytest.raises(Invalid) as refusal:
        people.change_role(db_session, user, other, actor=administrator.actor, now=NOW)
    assert refusal.value.field_name == "role"
    assert user.role is role


def test_who_was_removed_meanwhile_removes_nobody(db_session: Session) -> None:
    chief = factories.user(db_session, Role.GLOBAL_ADMIN)
    user = factories.user(db_session, Role.VIEWER, partner=chief.partner)
    as_it_was = chief.actor
    chief.active = False
    with pytest.raises(NotYours, match="deactivated meanwhile"):
        people.deactivate(db_session, user, actor=as_it_was, now=NOW)
    assert user.active


def test_removing_ends_sessions_links_and_the_calendar_and_keeps_the_name(db_session: Session) -> None:
    chief = factories.user(db_session, Role.GLOBAL_ADMIN)
    user = factories.user(db_session, Role.VIEWER, partner=chief.partner, name="Vera", calendar_number=3)
    before = user.fs_uniquifier
    people.deactivate(db_session, user, actor=chief.actor, now=NOW)
    assert (user.active, user.name, user.calendar_number) == (False, "Vera", 4)
    assert user.fs_uniquifier != before


def mails(session: Session) -> list[tuple[str, int | None]]:
    return [(mail.kind, mail.user_id) for mail in session.scalars(select(Mail))]


def test_who_is_invited_belongs_to_the_team_and_gets_a_mail(db_session: Session, programme: Programme) -> None:
    chief = factories.user(db_session, Role.GLOBAL_ADMIN)
    new = people.invite(
        db_session,
        email="vera@fabrikam.example.org",
        name="Vera\n Vang",
        role=Role.VIEWER,
        partner=chief.partner,
        language="sv",
        actor=chief.actor,
        now=NOW,
        programme=programme,
    )
    assert (new.name, new.partner_id, new.language, new.password) == ("Vera Vang", chief.partner_id, "sv", None)
    assert mails(db_session) == [("invitation", new.id)]


def test_an_invitation_says_into_which_organisation_as_what_and_by_whom(
    db_session: Session, programme: Programme
) -> None:
    chief, admin = (factories.user(db_session, role) for role in (Role.GLOBAL_ADMIN, Role.ADMINISTRATOR))
    about: dict[str, Any] = {"language": "en", "now": NOW, "programme": programme}
    assert chief.partner is not None
    for number, (role, partner, by) in enumerate(
        [(Role.VIEWER, chief.partner, chief), (Role.REVIEWER, None, admin), (Role.GLOBAL_ADMIN, chief.partner, admin)]
    ):
        email = f"new{number}@example.org"
        people.invite(db_session, email=email, name="New", role=role, partner=partner, actor=by.actor, **about)
    db_session.flush()
    said = [mail.context for mail in db_session.scalars(select(Mail).order_by(Mail.id))]
    assert [(each["organisation"], each["role"], each["by"]) for each in said] == [
        (chief.partner.name, "Viewer", chief.name),
        (programme.operator, "Reviewer", admin.name),
        (chief.partner.name, "Global admin", admin.name),
    ]


def another(session: Session) -> Partner:
    return factories.partner(session)


@pytest.mark.parametrize("belongs_to", [another, lambda session: None])
def test_nobody_is_invited_to_another_team(
    db_session: Session, programme: Programme, belongs_to: Callable[[Session], Partner | None]
) -> None:
    chief = factories.user(db_session, Role.GLOBAL_ADMIN)
    who: dict[str, Any] = {"email": "vera@example.org", "name": "Vera", "language": "en"}
    with pytest.raises(NotYours):
        people.invite(
            db_session,
            **who,
            role=Role.VIEWER,
            partner=belongs_to(db_session),
            actor=chief.actor,
            now=NOW,
            programme=programme,
        )
    assert mails(db_session) == []


@pytest.mark.parametrize("fields", [{"active": False, "password": None}, {}])
def test_only_who_has_no_password_yet_and_is_active_is_invited_again(
    db_session: Session, programme: Programme, fields: dict[str, Any]
) -> None:
    chief = factories.user(db_session, Role.GLOBAL_ADMIN)
    user = factories.user(db_session, Role.VIEWER, partner=chief.partner, **fields)
    with pytest.raises(NotAllowed):
        people.invite_again(db_session, user, actor=chief.actor, now=NOW, programme=programme)
    assert mails(db_session) == []


@pytest.mark.parametrize("password", [None, "a hash"])
def test_who_is_activated_is_invited_where_no_password_was_ever_chosen(
    db_session: Session, programme: Programme, password: str | None
) -> None:
    chief = factories.user(db_session, Role.GLOBAL_ADMIN)
    user = factories.user(db_session, Role.VIEWER, partner=chief.partner, active=False, password=password)
    reactivate(db_session, user, chief.actor, programme)
    reactivate(db_session, user, chief.actor, programme)
    assert user.active
    assert mails(db_session) == ([] if password else [("invitation", user.id)])


@pytest.mark.parametrize("role", [Role.GLOBAL_ADMIN, Role.ADMINISTRATOR])
@pytest.mark.parametrize("lower", [True, False], ids=["demote", "remove"])
def test_of_two_who_remove_each_other_at_once_one_is_left(
    engine: Engine, committed: Session, role: Role, lower: bool
) -> None:
    for _ in range(8):
        one = factories.user(committed, role)
        two = factories.user(committed, role, partner=one.partner)
        committed.commit()
        results = at_once(engine, (one, two), (two, one), demote=lower)
        committed.expire_all()
        committed.refresh(one)
        committed.refresh(two)
        left = [user for user in (one, two) if user.active and user.role is role]
        assert len(left) == 1
        assert [isinstance(result, Refused) for result in results] == [user not in left for user in (one, two)]
        left[0].active = False
        committed.commit()


def at_once(engine: Engine, *pairs: tuple[User, User], demote: bool) -> list[Refused | None]:
    """Let the first of each pair remove the second, on connections of their own; return the refusals."""
    barrier = Barrier(len(pairs))

    def one(pair: tuple[User, User]) -> Refused | None:
        actor = pair[0].actor
        with Session(engine, expire_on_commit=False) as session:
            user = session.get_one(User, pair[1].id)
            barrier.wait(timeout=120)
            try:
                if demote:
                    lower = Role.VIEWER if user.partner_id else Role.REVIEWER
                    people.change_role(session, user, lower, actor=actor, now=NOW)
                else:
                    people.deactivate(session, user, actor=actor, now=NOW)
                session.commit()
            except Refused as refused:
                session.rollback()
                return refused
        return None

    with ThreadPoolExecutor(len(pairs)) as pool:
        return list(pool.map(one, pairs))


@pytest.mark.parametrize("role", [Role.GLOBAL_ADMIN, Role.ADMINISTRATOR])
@pytest.mark.parametrize("what", [{"active": False}, {"role": None}], ids=["removed", "demoted"])
def test_who_manages_nobody_any_more_invites_nobody(
    db_session: Session, programme: Programme, role: Role, what: dict[str, Any]
) -> None:
    user = factories.user(db_session, role)
    actor, partner = user.actor, user.partner
    for name, value in what.items():
        setattr(user, name, (Role.VIEWER if partner else Role.REVIEWER) if value is None else value)
    db_session.flush()
    with pytest.raises(NotYours):
        people.invite(
            db_session,
            email="kim@example.org",
            name="Kim",
            role=role,
            partner=partner,
            language="en",
            actor=actor,
            now=NOW,
            programme=programme,
        )
