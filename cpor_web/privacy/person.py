"""One person by their address: everything here that names them, to be exported or erased."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Text, cast, func, or_, select
from sqlalchemy.orm import Session

from cpor_web.models import (
    Claim,
    Comment,
    CustomerContact,
    Document,
    Event,
    Invitation,
    Mail,
    Note,
    Round,
    User,
)


@dataclass(frozen=True)
class Person:
    """Who is known by an address: perhaps an account, under which names, and in which claims (ids) they are named."""

    address: str
    user: User | None
    names: frozenset[str]
    claims: tuple[int, ...]

    @property
    def is_known(self) -> bool:
        """Whether anything here is theirs."""
        return self.user is not None or bool(self.names) or bool(self.claims)

    @property
    def words(self) -> tuple[str, ...]:
        """What names them: the address first, then the names."""
        return (self.address, *sorted(self.names, key=len))


def find(session: Session, address: str) -> Person:
    """Return who is known by an address, however it is written."""
    address = address.strip().lower()
    if "@" not in address:  # else what stands for erased people would be somebody
        return Person(address, None, frozenset(), ())
    user = session.scalar(select(User).where(is_(User.email, address)))
    named = (
        select(User.name).where(is_(User.email, address)),
        select(CustomerContact.name).where(is_(CustomerContact.email, address)),
        select(Claim.partner_contact_name).where(is_(Claim.partner_contact_email, address)),
        select(Mail.to_name).where(is_(Mail.to_address, address)),
    )
    names = {name.strip() for query in named for name in session.scalars(query) if name and name.strip()}
    return Person(address, user, frozenset(names), _claims(session, address, user))


def is_(column: ColumnElement[str] | object, address: str) -> ColumnElement[bool]:
    """Whether a column has this address, in whatever case."""
    return func.lower(column) == address


def has(column: object, words: tuple[str, ...]) -> ColumnElement[bool]:
    """Whether a column's text, or that of its JSON, has one of these words in it, in whatever case."""
    text = func.lower(cast(column, Text))
    return or_(*(func.strpos(text, word.lower()) > 0 for word in words))


def _claims(session: Session, address: str, user: User | None) -> tuple[int, ...]:
    asked = Invitation.contact_id == CustomerContact.id
    about = [
        select(CustomerContact.claim_id).where(is_(CustomerContact.email, address)),
        select(Round.claim_id)
        .join(Invitation)
        .join(CustomerContact, asked)
        .where(is_(CustomerContact.email, address)),
        select(Claim.id).where(is_(Claim.partner_contact_email, address)),
        select(Mail.claim_id).where(is_(Mail.to_address, address), Mail.claim_id.is_not(None)),
        select(Event.claim_id).where(has(Event.data, (address,))),
    ]
    if user is not None:
        theirs = (Claim.filed_by_id, Claim.reviewer_id, Claim.rejected_by_id)
        about += [
            select(Claim.id).where(or_(*(column == user.id for column in theirs))),
            select(Event.claim_id).where(Event.user_id == user.id),
            select(Comment.claim_id).where(Comment.user_id == user.id),
            select(Note.claim_id).where(Note.user_id == user.id),
            select(Document.claim_id).where(Document.uploaded_by_id == user.id),
        ]
    found = {claim for query in about for claim in session.scalars(query) if claim is not None}
    return tuple(sorted(found))
