"""Whose account it is that the operator's sign-in provider vouches for. Nothing here commits.

The provider says who somebody is, never whose colleague: a partner's people must have been invited before. The
operator's own people it may bring in, and it alone says what they may do here, each time that they sign in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Self

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cpor_web.addresses import ascii_domain
from cpor_web.config import Settings
from cpor_web.models import Ended, Identity, SecurityKind, User
from cpor_web.programme import Programme
from cpor_web.rules.exc import Invalid
from cpor_web.rules.roles import Role
from cpor_web.rules.words import N_
from cpor_web.users import people, security_log, sessions
from cpor_web.users.security_log import UNTOLD, Place
from cpor_web.users.ties import is_tied

STRANGER = N_("There is no account for you here. Ask whoever manages your organisation's accounts to invite you.")
NO_ROLE = N_("%(provider)s gives you no role here. Ask whoever manages the accounts there.")
NOT_VERIFIED = N_("%(provider)s does not vouch for your e-mail address. Ask whoever manages the accounts there.")
NOT_ACTIVE = N_("Your account here is not active. Ask whoever manages the accounts of your organisation.")
SOMEBODY_ELSE = N_(
    "The account with your e-mail address belongs to somebody else, or to somebody who had the address before you."
    " Ask an administrator of %(operator)s."
)
MEANWHILE = N_("Something changed in the meantime. Sign in once more.")


class Vouched(NamedTuple):
    """Whom the provider vouches for. `email` is empty unless verified; `groups` is what the role claim lists.

    `proved_at` is when they last showed the provider who they are, None where it does not tell.
    """

    issuer: str
    subject: str
    email: str
    name: str
    groups: frozenset[str]
    proved_at: datetime | None = None


class Trust(NamedTuple):
    """What the operator takes the provider's word for: addresses of these domains, and these groups as roles."""

    provider: str
    domains: frozenset[str]
    roles: Mapping[str, Role]

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Return what the settings say."""
        return cls(settings.oidc_called, frozenset(settings.oidc_domains), dict(settings.oidc_roles))

    def role(self, vouched: Vouched) -> Role | None:
        """Return the role of the operator's that the provider gives: of several the one that may do more."""
        given = {role for group, role in self.roles.items() if group in vouched.groups}
        return Role.ADMINISTRATOR if Role.ADMINISTRATOR in given else next(iter(given), None)

    def covers(self, email: str) -> bool:
        """Tell whether the operator lets the provider vouch for this address.

        Of no address with other letters before the @: a Kelvin sign is a k in small letters, but not one's own.
        """
        local, _, host = email.rpartition("@")
        try:
            domain = ascii_domain(host)
        except UnicodeError:
            return False
        return local.isascii() and domain in self.domains


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """Nobody who may sign in: `message` is a msgid for them to read, `values` fill it."""

    message: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Receives whom the provider vouches for, in one request: at a moment, at a place."""

    session: Session
    trust: Trust
    programme: Programme
    now: datetime
    place: Place

    def receive(self, vouched: Vouched) -> User | TurnedAway:
        """Return whose account it is, as the provider now has it, or why there is none to sign in to.

        Is to be committed either way: being turned away can have ended somebody's access.
        """
        identity = self._identity(vouched)
        return self._again(identity, vouched) if identity else self._for_the_first_time(vouched)

    def _identity(self, vouched: Vouched) -> Identity | None:
        same = (Identity.issuer == vouched.issuer, Identity.subject == vouched.subject)
        return self.session.scalar(select(Identity).where(*same), execution_options={"populate_existing": True})

    def _again(self, identity: Identity, vouched: Vouched) -> User | TurnedAway:
        user = self.session.get_one(User, identity.user_id, with_for_update={"of": User}, populate_existing=True)
        if self._identity(vouched) is None:  # who changes an identity holds its user's lock, as we do now
            return self._turn_away(MEANWHILE)
        role = self.trust.role(vouched) if user.partner_id is None else user.role
        if role is None:
            return self._end_access(identity, user)
        if not user.active and identity.access_ended_at is None:
            return TurnedAway(NOT_ACTIVE)
        if not user.active:
            user.active = True
            self._note(user, SecurityKind.REACTIVATED)
        identity.access_ended_at = None
        self._give(user, role)
        return user

    def _for_the_first_time(self, vouched: Vouched) -> User | TurnedAway:
        if not vouched.email:
            return self._turn_away(NOT_VERIFIED)
        if not self.trust.covers(vouched.email):
            return self._turn_away(STRANGER)
        user = self.session.scalar(
            select(User).where(func.lower(User.email) == vouched.email.lower()).with_for_update(of=User)
        )
        role = self.trust.role(vouched)
        if user is None:
            return self._bring_in(vouched, role) if role else self._turn_away(STRANGER)
        if is_tied(self.session, user, vouched.issuer) or (role and user.partner_id is not None):
            return self._turn_away(SOMEBODY_ELSE)  # and not to be told apart, by whoever has the address now
        if not user.active:
            return self._turn_away(NOT_ACTIVE)
        if user.partner_id is None:
            if role is None:
                return self._turn_away(NO_ROLE)
            self._give(user, role)
        return self._tie(user, vouched)

    def _bring_in(self, vouched: Vouched, role: Role) -> User | TurnedAway:
        """Add one of the operator's own people, who has no password and needs none."""
        nickname = vouched.email.partition("@")[0]
        for name in (vouched.name, nickname):
            try:
                with self.session.begin_nested():
                    user = people.add_user(self.session, email=vouched.email, name=name, role=role, partner=None)
            except Invalid as wrong:
                if wrong.field_name == "email":
                    break
            else:
                return self._tie(user, vouched)
        return self._turn_away(MEANWHILE)

    def _tie(self, user: User, vouched: Vouched) -> User | TurnedAway:
        tie = Identity(user_id=user.id, issuer=vouched.issuer, subject=vouched.subject, tied_at=self.now)
        try:
            with self.session.begin_nested():
                self.session.add(tie)
        except IntegrityError:
            return self._turn_away(MEANWHILE)
        security_log.announce(
            self.session,
            user,
            SecurityKind.IDENTITY_LINKED,
            now=self.now,
            programme=self.programme,
            place=self.place,
            label=self.trust.provider,
        )
        return user

    def _end_access(self, identity: Identity, user: User) -> TurnedAway:
        """Sign somebody out everywhere and keep them out, by password too, until the provider gives a role anew."""
        if user.active:
            identity.access_ended_at = self.now
            people.shut_out(self.session, user, now=self.now)
            self._note(user, SecurityKind.DEACTIVATED)
        return self._turn_away(NO_ROLE)

    def _give(self, user: User, role: Role) -> None:
        if role is not user.role:
            self._note(user, SecurityKind.ROLE_CHANGED, old=user.role.label, new=role.label)
            sessions.end_all(self.session, user, why=Ended.ROLE, now=self.now)
            user.role = role

    def _note(self, user: User, kind: SecurityKind, **facts: str) -> None:
        facts["label"] = self.trust.provider  # who did it
        security_log.note(self.session, user, kind, now=self.now, place=self.place, by=None, **facts)

    def _turn_away(self, message: str) -> TurnedAway:
        values = {"provider": self.trust.provider, "operator": self.programme.operator}
        return TurnedAway(message, {name: value for name, value in values.items() if f"%({name})s" in message})


def must_come_by_it(session: Session, user: User, settings: Settings) -> bool:
    """Tell whether neither password nor passkey signs `user` in, as the operator has set."""
    return settings.oidc_only and is_tied(session, user, settings.oidc_issuer)


def may_choose_password(session: Session, user: User, settings: Settings) -> bool:
    """Tell whether `user` gets a mail to choose a password when they ask for one, or the page to when signed in.

    Whom the provider signs in and who never had a password does not: their way in would outlive their account there.
    Whoever manages their account can still invite them.
    """
    if must_come_by_it(session, user, settings):
        return False
    return user.password is not None or not is_tied(session, user, settings.oidc_issuer)


def untie(session: Session, user: User, *, now: datetime, programme: Programme) -> bool:
    """Forget, from a shell, who somebody is at the provider; tell whether they were anybody there."""
    session.scalar(select(User.id).where(User.id == user.id).with_for_update())
    ties = session.scalars(select(Identity).where(Identity.user_id == user.id)).all()
    for tie in ties:
        session.delete(tie)
    if ties:
        security_log.announce(
            session, user, SecurityKind.IDENTITY_REMOVED, now=now, programme=programme, place=UNTOLD
        )
    return bool(ties)
