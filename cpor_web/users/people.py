"""People with an account: adding and inviting them, their roles, their leaving. For pages and commands alike.

A Global admin manages the people of their own partner, an administrator everybody. A verb with an `actor` raises
NotYours where that is not so, and NotAllowed where a partner would be left without an active Global admin, or the
operator without an active administrator.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime

from psycopg.errors import UniqueViolation
from sqlalchemy import Select, and_, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, scoped_session

from cpor_web.emails.catalogue import to_people
from cpor_web.models import Ended, Identity, Partner, SecurityKind, User
from cpor_web.programme import Programme
from cpor_web.rules.exc import Invalid, NotAllowed, NotYours
from cpor_web.rules.roles import Actor, Role
from cpor_web.rules.words import N_
from cpor_web.users import fields, security_log, sessions
from cpor_web.users.security_log import UNTOLD
from cpor_web.users.ties import is_tied

MEANWHILE = N_("Your account was deactivated meanwhile. Nothing was changed.")


def add_user(
    session: Session | scoped_session[Session],
    *,
    email: str,
    name: str,
    role: Role,
    partner: Partner | None,
    language: str = "en",
) -> User:
    """Add somebody with one role, who belongs to `partner`, or (None) to the operator. Does not commit.

    They choose a password by the link of an invitation. Raises Invalid for what cannot be: no address, one that has
    an account, no name, a role that does not go with the partner, a language that there is not.
    """
    user = User(
        email=fields.address(email),
        name=fields.name(name),
        role=fields.role(role, partner),
        partner=partner,
        language=fields.language(language),
        fs_uniquifier=uuid.uuid4().hex,
        active=True,
    )
    try:
        with session.begin_nested():
            session.add(user)
    except IntegrityError as error:
        if isinstance(error.orig, UniqueViolation):
            raise Invalid(N_("Somebody has an account with this address already."), field_name="email") from None
        raise
    return user


def people_of(session: Session, actor: Actor) -> Sequence[User]:
    """Return whom the actor may see, by name: administrators everybody, the operator's first, others their team.

    Whether the actor may also manage them is for the verbs to say.
    """
    by_name = (User.partner_id.is_not(None), func.lower(User.name), User.id)
    return session.scalars(_seen_by(actor).order_by(*by_name)).all()


def person_of(session: Session, actor: Actor, user_id: int) -> User | None:
    """Return one of `people_of` the actor, or None: another partner's people do not exist."""
    return session.scalar(_seen_by(actor).where(User.id == user_id))


def person_with(session: Session, email: str) -> User:
    """Return who has an account with this address. Raises Invalid where nobody has."""
    found = session.scalar(select(User).where(func.lower(User.email) == email.strip().lower()))
    if found is None:
        raise Invalid(N_("Nobody has an account with this address."), field_name="email")
    return found


def invite(
    session: Session,
    *,
    email: str,
    name: str,
    role: Role,
    partner: Partner | None,
    language: str,
    actor: Actor,
    now: datetime,
    programme: Programme,
) -> User:
    """Add somebody as `add_user` does, who chooses a password by the link of the invitation that goes out."""
    _require(_acting(session, actor), partner.id if partner else None)
    user = add_user(session, email=email, name=name, role=role, partner=partner, language=language)
    to_people.invitation(session, user, now=now, programme=programme, by=actor)
    return user


def invite_again(session: Session, user: User, *, actor: Actor, now: datetime, programme: Programme) -> None:
    """Send another invitation to somebody who is active and has not chosen a password yet."""
    hold(session, user, actor)
    if not user.active:
        raise NotAllowed(N_("%(name)s is not active. Activate the account first."), {"name": user.name})
    if user.password is not None:
        raise NotAllowed(
            N_("%(name)s has a password already, and can choose a new one on the sign-in page."), {"name": user.name}
        )
    to_people.invitation(session, user, now=now, programme=programme, by=actor)


def rename(session: Session, user: User, name: str, *, actor: Actor) -> None:
    """Give somebody another name. The history keeps the name under which they acted."""
    hold(session, user, actor)
    user.name = fields.name(name)


def change_role(session: Session, user: User, role: Role, *, actor: Actor, now: datetime) -> None:
    """Give somebody another role, of the same partner or of the operator, and let them sign in anew."""
    others = hold(session, user, actor)
    new = fields.role(role, user.partner)
    if new is user.role:
        return
    _require_another(user, others)
    words = {"old": user.role.label, "new": new.label}
    security_log.note(session, user, SecurityKind.ROLE_CHANGED, now=now, place=UNTOLD, by=actor, **words)
    sessions.end_all(session, user, why=Ended.ROLE, now=now)
    user.role = new


def deactivate(session: Session, user: User, *, actor: Actor, now: datetime) -> None:
    """Let somebody no longer sign in, end their sessions and links, and keep their name where they acted."""
    others = hold(session, user, actor)
    if user.id == actor.user_id:
        raise NotAllowed(N_("You cannot deactivate your own account. Somebody else has to do it."))
    _require_another(user, others)
    shut_out(session, user, now=now)
    security_log.note(session, user, SecurityKind.DEACTIVATED, now=now, place=UNTOLD, by=actor)
    # Whom a person has shut out does not come back by what a sign-in provider says.
    session.execute(update(Identity).where(Identity.user_id == user.id).values(access_ended_at=None))


def shut_out(session: Session, user: User, *, now: datetime) -> None:
    """Let somebody no longer sign in, and end their sessions and links. The caller asks who may decide so."""
    user.active = False
    user.fs_uniquifier = uuid.uuid4().hex  # sessions and links to choose a password are bound to it
    sessions.end_all(session, user, why=Ended.DEACTIVATED, now=now)
    user.calendar_number += 1 if user.calendar_number else 0


def reactivate(
    session: Session, user: User, *, actor: Actor, now: datetime, programme: Programme, issuer: str
) -> None:
    """Let somebody sign in again; who has never chosen a password gets another invitation.

    Not so whom the provider at `issuer` signs in, "" where there is none: they need no password, and one would
    outlive their account there. To invite them all the same is a decision of its own (`invite_again`).
    """
    hold(session, user, actor)
    if user.active:
        return
    user.active = True
    security_log.note(session, user, SecurityKind.REACTIVATED, now=now, place=UNTOLD, by=actor)
    if user.password is None and not is_tied(session, user, issuer):
        to_people.invitation(session, user, now=now, programme=programme, by=actor)


def choose_language(user: User, language: str) -> None:
    """Set the language of somebody's pages and mails. Raises Invalid where there is no such language."""
    user.language = fields.language(language)


def _seen_by(actor: Actor) -> Select[User]:
    users = select(User)
    return users if actor.role is Role.ADMINISTRATOR else users.where(User.partner_id == actor.partner_id)


def _require(actor: Actor, partner_id: int | None) -> None:
    own = actor.role is Role.GLOBAL_ADMIN and actor.partner_id == partner_id
    if not own and actor.role is not Role.ADMINISTRATOR:
        raise NotYours(N_("Only a Global admin of the same partner, or an administrator, manages this account."))


def _acting(session: Session, actor: Actor) -> Actor:
    """Return the actor as they are now, their account locked. Raises NotYours where it was deactivated meanwhile."""
    same = select(User).where(User.id == actor.user_id).with_for_update(of=User, key_share=True)
    me = session.scalar(same, execution_options={"populate_existing": True})
    if me is None or not me.active:
        raise NotYours(MEANWHILE)
    return me.actor


def _keeper(partner_id: int | None) -> Role:
    """Return the role that somebody of a partner, or of the operator (None), must always have."""
    return Role.ADMINISTRATOR if partner_id is None else Role.GLOBAL_ADMIN


def _is_keeper(user: User) -> bool:
    return user.active and user.role is _keeper(user.partner_id)


def hold(session: Session, user: User, actor: Actor) -> list[User]:
    """Lock both, and everybody in the role that somebody must have; return those of them other than `user`."""
    locked = _lock(session, user, actor.user_id)
    me = next((each for each in locked if each.id == actor.user_id), None)
    if me is None or not me.active:
        raise NotYours(MEANWHILE)
    _require(me.actor, user.partner_id)
    return _other_keepers(user, locked)


def hold_others(session: Session, user: User) -> None:
    """Lock everybody in the role that somebody must have. Raises NotAllowed where `user` is the last of them."""
    _require_another(user, _other_keepers(user, _lock(session, user)))


def _lock(session: Session, user: User, *also: int | None) -> Sequence[User]:
    """Lock and return `user`, these, and everybody in the role that somebody must have.

    Always in the order of ids, and read afresh: of two who remove each other one waits, and is then refused.
    """
    session.flush()  # what is read afresh must not undo what this transaction has changed
    same = User.partner_id.is_not_distinct_from(user.partner_id)
    keepers = and_(User.active, User.role == _keeper(user.partner_id), same)
    people = select(User).where(or_(keepers, User.id.in_((user.id, *also)))).order_by(User.id)
    return session.scalars(
        people.with_for_update(of=User, key_share=True), execution_options={"populate_existing": True}
    ).all()


def _other_keepers(user: User, locked: Sequence[User]) -> list[User]:
    return [each for each in locked if each is not user and each.partner_id == user.partner_id and _is_keeper(each)]


def _require_another(user: User, others: Sequence[User]) -> None:
    if _is_keeper(user) and not others:
        raise NotAllowed(
            N_("%(name)s is the last active %(role)s. Give somebody else this role first."),
            {"name": user.name, "role": user.role.label},
        )
