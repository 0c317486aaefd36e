"""Who acts: the roles of people, and the two that nobody signs in as."""

from collections.abc import Set as AbstractSet
from enum import StrEnum
from typing import NamedTuple

from cpor_web.rules.exc import NotYours
from cpor_web.rules.words import N_


class Role(StrEnum):
    """What a person may do. A user has exactly one."""

    GLOBAL_ADMIN = "global-admin"
    BILLING_ADMIN = "billing-admin"
    INCENTIVES_ADMIN = "incentives-admin"
    VIEWER = "viewer"
    REVIEWER = "reviewer"
    ADMINISTRATOR = "administrator"
    CUSTOMER = "customer"
    SYSTEM = "system"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    Role.GLOBAL_ADMIN: N_("Global admin"),
    Role.BILLING_ADMIN: N_("Billing admin"),
    Role.INCENTIVES_ADMIN: N_("Incentives admin"),
    Role.VIEWER: N_("Viewer"),
    Role.REVIEWER: N_("Reviewer"),
    Role.ADMINISTRATOR: N_("Administrator"),
    Role.CUSTOMER: N_("Customer"),
    Role.SYSTEM: N_("System"),
}

CLAIMANTS = frozenset({Role.GLOBAL_ADMIN, Role.BILLING_ADMIN, Role.INCENTIVES_ADMIN})
"""The partner's roles that file and manage claims."""

PARTNER_ROLES = CLAIMANTS | {Role.VIEWER}
"""Every role of a partner's users."""

REVIEWERS = frozenset({Role.REVIEWER, Role.ADMINISTRATOR})
"""The operator's roles: both decide on claims, an administrator also manages."""

USER_ROLES = PARTNER_ROLES | REVIEWERS
"""The roles that somebody can sign in with."""

ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})
CUSTOMERS = frozenset({Role.CUSTOMER})
SYSTEM_ONLY = frozenset({Role.SYSTEM})


class Actor(NamedTuple):
    """Who does something: a role, and for people the user and (partners) the partner they act for."""

    role: Role
    name: str
    user_id: int | None = None
    partner_id: int | None = None


SYSTEM = Actor(Role.SYSTEM, N_("System"))


def require(actor: Actor, roles: AbstractSet[Role]) -> None:
    """Raise NotYours unless the actor has one of `roles`."""
    if actor.role not in roles:
        raise NotYours(N_("This is not for your role (%(role)s)."), {"role": actor.role.label})
