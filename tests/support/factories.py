"""Partners and people for tests. Nothing here commits. Claims are in `claims`."""

import uuid
from functools import cache
from itertools import count

from argon2 import PasswordHasher
from sqlalchemy.orm import Session

from cpor_web.models import MpnId, MpnKind, Partner, User
from cpor_web.rules.roles import PARTNER_ROLES, Role

PASSWORD = "seven quiet herons"

_numbers = count(1)


@cache
def _password_hash() -> str:
    return PasswordHasher().hash(PASSWORD)  # 50 ms: once a process


def partner(session: Session, name: str = "", *, domains: tuple[str, ...] = ()) -> Partner:
    """Add a partner with a global MPN ID and a location's."""
    number = next(_numbers)
    made = Partner(name=name or f"Fabrikam {number}", domains=list(domains or (f"fabrikam{number}.example.org",)))
    made.mpn_ids = [
        MpnId(number=f"1{number:06}", kind=MpnKind.GLOBAL),
        MpnId(number=f"2{number:06}", kind=MpnKind.LOCATION, place="Oslo"),
    ]
    session.add(made)
    session.flush()
    return made


def user(
    session: Session, role: Role = Role.INCENTIVES_ADMIN, *, partner: Partner | None = None, **fields: object
) -> User:
    """Add somebody who signs in with PASSWORD; a partner's role without a partner gets a new one."""
    number = next(_numbers)
    if role in PARTNER_ROLES and partner is None:
        partner = _partner(session)
    domain = partner.domains[0] if partner else "vendor.example.com"
    defaults = {
        "email": f"{role.value}{number}@{domain}",
        "name": f"{role.label} {number}",
        "password": _password_hash(),
        "fs_uniquifier": uuid.uuid4().hex,
        "active": True,
        "language": "en",
    }
    made = User(role=role, partner=partner, **{**defaults, **fields})
    session.add(made)
    session.flush()
    return made


_partner = partner
