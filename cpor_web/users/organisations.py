"""Partners and their MPN IDs: adding, changing, removing them. For pages and commands alike; nothing here commits."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from psycopg.errors import ForeignKeyViolation, UniqueViolation
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cpor_web.addresses import ascii_domain
from cpor_web.models import MpnId, MpnKind, Partner
from cpor_web.rules.characters import name_in, one_line
from cpor_web.rules.exc import Invalid, NotAllowed
from cpor_web.rules.words import N_

_Held = TypeVar("_Held", Partner, MpnId)

USUAL_DIGITS = 7
MOST_DIGITS = 20
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def add_partner(session: Session, *, name: str, domains: Sequence[str] = ()) -> Partner:
    """Add a partner with its own e-mail domains.

    Raises Invalid("name") where it is empty or taken, whatever its case, Invalid("domains") where one is no domain.
    """
    partner = Partner(name=_name(name), domains=_own(domains))
    with _or(_name_taken(), session):
        session.add(partner)
    return partner


def held(session: Session, model: type[_Held], row_id: int) -> _Held | None:
    """Return a row as it is now, locked for a change of it; who files a claim under it meanwhile does not wait."""
    lock = {"of": model, "key_share": True}
    return session.get(model, row_id, with_for_update=lock, populate_existing=True)


def change_partner(session: Session, partner: Partner, *, name: str, domains: Sequence[str]) -> None:
    """Give a partner another name and other domains; raises Invalid as `add_partner` does."""
    name, own = _name(name), _own(domains)
    with _or(_name_taken(), session):
        partner.name, partner.domains = name, own


def add_mpn_id(session: Session, partner: Partner, *, number: str, kind: MpnKind, place: str = "") -> MpnId:
    """Give a partner an MPN ID. Raises Invalid("number") where it is not all digits, or is anybody's already."""
    number = number.strip()
    if not re.fullmatch(rf"[0-9]{{1,{MOST_DIGITS}}}", number):
        raise Invalid(N_("An MPN ID has digits only."), field_name="number")
    mpn_id = MpnId(partner_id=partner.id, number=number, kind=kind, place=one_line(place))
    with _or(Invalid(N_("This MPN ID is entered already."), field_name="number"), session):
        session.add(mpn_id)
    return mpn_id


def change_mpn_id(session: Session, mpn_id: MpnId, *, kind: MpnKind, place: str) -> None:
    """Give an MPN ID another kind and place. What was assessed stays; what will be is assessed by the new kind."""
    mpn_id.kind, mpn_id.place = kind, one_line(place)
    session.flush()


def remove_mpn_id(session: Session, mpn_id: MpnId) -> None:
    """Remove an MPN ID. Raises NotAllowed where a claim uses it: claims keep what they were filed under."""
    used = NotAllowed(N_("A claim uses the MPN ID %(number)s, so it stays."), {"number": mpn_id.number})
    with _or(used, session):
        session.delete(mpn_id)


def is_usual(mpn_id: MpnId) -> bool:
    """Tell whether the number has as many digits as is usual; any other is worth a warning, not an error."""
    return len(mpn_id.number) == USUAL_DIGITS


def partner_named(session: Session, name: str) -> Partner:
    """Return the partner of this name, without regard to case. Raises Invalid where there is none."""
    partner = session.scalar(select(Partner).where(func.lower(Partner.name) == func.lower(name.strip())))
    if partner is None:
        raise Invalid(N_("There is no partner of this name."), field_name="partner")
    return partner


def domains_in(typed: str) -> list[str]:
    """Return the words of what a person typed, with commas, semicolons or spaces between."""
    return [word for word in re.split(r"[\s,;]+", typed) if word]


def _name_taken() -> Invalid:
    return Invalid(N_("There is a partner of this name already."), field_name="name")


def _name(typed: str) -> str:
    return name_in(typed, if_empty=N_("Fill in the name."))


def _own(domains: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(_domain(word) for word in domains if word.strip()))


def _domain(word: str) -> str:
    """Return a domain in lower case, other alphabets as A-labels (RFC 5891)."""
    try:
        labels = ascii_domain(word.strip().removeprefix("@")).split(".")
    except UnicodeError:
        labels = []
    if len(labels) < 2 or not all(map(_LABEL.fullmatch, labels)):
        raise Invalid(N_("“%(word)s” is not a domain."), {"word": word}, field_name="domains")
    return ".".join(labels)


@contextmanager
def _or(refusal: Invalid | NotAllowed, session: Session) -> Iterator[None]:
    """Write what the block did, or refuse: where the database says that it is taken, or in use."""
    try:
        with session.begin_nested():
            yield
    except IntegrityError as error:
        if isinstance(error.orig, UniqueViolation | ForeignKeyViolation):
            raise refusal from None
        raise
