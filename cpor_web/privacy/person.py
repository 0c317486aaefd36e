"""One person by their address: everything here that names them, to be exported or erased."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, cast, false, func, or_, select
from sqlalchemy.orm import Session

from cpor_web.models import (
    Answer,
    Assessment,
    Claim,
    Comment,
    CustomerContact,
    Document,
    Event,
    Holding,
    Invitation,
    Mail,
    Note,
    ProofCell,
    ReceivedMail,
    Replacement,
    Round,
    SavedFilter,
    SecurityEvent,
    User,
)

WRITTEN: Mapping[type[Any], tuple[str, ...]] = {
    Claim: ("name", "rejection_comment"), Comment: ("body",), Note: ("body",), Holding: ("reason",),
    CustomerContact: ("reason", "title"), Document: ("filename",), Mail: ("answer", "bounce"),
    ProofCell: ("page", "missing", "place", "mend"), Replacement: ("rationale",), Answer: ("words",),
    Assessment: ("reasons",),
}  # fmt: skip
"""Where somebody, or a server, writes what they like."""

RATIONALES = ("claim:preferred", "claim:contested")
HANDED = ("claim:assigned", "claim:given-back", "claim:review-started", "claim:taken-over")
"""The events that say, by name alone, who had the claim before, or has it now."""


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
        select(Event.data["contact"].astext).where(
            Event.kind.in_(("contact:proposed", "contact:turned-down")), is_(Event.data["email"].astext, address)
        ),
    )
    names = {name.strip() for query in named for name in session.scalars(query) if name and name.strip()}
    return Person(address, user, frozenset(names), _claims(session, address, user))


def is_(column: ColumnElement[str] | object, address: str) -> ColumnElement[bool]:
    """Whether a column has this address, in whatever case."""
    return func.lower(column) == address


def has(column: object, words: tuple[str, ...]) -> ColumnElement[bool]:
    """Whether a column's text, or that of its JSON, has one of these words in it, in whatever case."""
    text = func.lower(cast(column, Text))  # by the database alone: of some capitals Python makes other small letters
    written = dict.fromkeys(form for word in words for form in (word, json.dumps(word, ensure_ascii=False)[1:-1]))
    return or_(false(), *(func.strpos(text, func.lower(form)) > 0 for form in written))


def written_naming(who: Person, model: type[Any], *names: str) -> ColumnElement[bool]:
    """Whether what was written names them: by their address anywhere, by their name beside it or in their claims.

    names: the columns, or all of `WRITTEN`.
    """
    asked = select(Invitation.id).join(Round).where(Round.claim_id.in_(who.claims))
    ways: dict[type[Any], ColumnElement[bool]] = {
        Claim: Claim.id.in_(who.claims),
        Holding: false(),
        Replacement: or_(Replacement.claim_id.in_(who.claims), Replacement.replaced_id.in_(who.claims)),
        Answer: Answer.invitation_id.in_(asked),
    }
    theirs = ways[model] if model in ways else model.claim_id.in_(who.claims)
    columns = [getattr(model, name) for name in names or WRITTEN[model]]
    return or_(*(has(each, (who.address,)) | and_(theirs, has(each, who.words)) for each in columns))


def events_naming(who: Person) -> ColumnElement[bool]:
    """Whether an event of their claims names them, or was their doing: a customer's contact has no account."""
    named = has(Event.data, who.words) | has(Event.actor, who.words)
    return and_(Event.claim_id.in_(who.claims), or_(named, Event.user_id == who.user.id) if who.user else named)


def filters_naming(who: Person) -> ColumnElement[bool]:
    """Whether a filter that somebody keeps finds them: by address, or by name at a partner that they are known to."""
    said = func.concat_ws(" ", SavedFilter.name, cast(SavedFilter.wanted, Text))
    partners = select(Claim.partner_id).where(Claim.id.in_(who.claims))
    of_these = or_(User.partner_id.in_(partners), User.partner_id == (who.user.partner_id if who.user else None))
    named = and_(SavedFilter.user_id.in_(select(User.id).where(of_these)), has(said, who.words))
    return or_(has(said, (who.address,)), named)


def in_passing(who: Person) -> ColumnElement[bool]:
    """Whether an event of a claim that is not theirs names them all the same: the rationale of putting one claim over
    another is written down in both, and a claim that changes hands says whose it was.
    """
    said = [and_(Event.claim_id.in_(rivals(who)), Event.kind.in_(RATIONALES), has(Event.data, who.words))]
    if who.user is not None and who.user.partner_id is None:
        said += [and_(Event.kind.in_(HANDED), Event.data[each].astext.in_(who.names)) for each in ("from", "to")]
    return and_(or_(*said), Event.claim_id.not_in(who.claims))


def rivals(who: Person) -> Select[int]:
    """Return the ids of the claims that were put over theirs, or theirs over them."""
    over = select(Replacement.claim_id).where(Replacement.replaced_id.in_(who.claims))
    under = select(Replacement.replaced_id).where(Replacement.claim_id.in_(who.claims))
    return select(Claim.id).where(Claim.id.in_(over) | Claim.id.in_(under))


def mails_naming(who: Person) -> ColumnElement[bool]:
    """Whether a mail's facts name them: by their address anywhere, by their name where that is surely theirs."""
    named = has(Mail.context, who.words)
    listed = select(Claim.reference).where(
        Claim.id.in_(who.claims), func.strpos(cast(Mail.context, Text), Claim.reference) > 0
    )
    ways = [
        has(Mail.context, (who.address,)),
        and_(Mail.claim_id.in_(who.claims), named),
        and_(Mail.claim_id.in_(rivals(who)), Mail.context.has_key("rationale"), named),
        and_(Mail.claim_id.is_(None), listed.exists(), named),
    ]
    if who.user is not None:
        told = select(SecurityEvent.user_id).where(SecurityEvent.by_id == who.user.id)
        ways.append(and_(Mail.user_id.in_(told), Mail.context["by"].astext.in_(who.names)))
        ways.append(and_(Mail.kind == "invitation", Mail.context["by_id"].astext == str(who.user.id)))
    return or_(*ways)


def received_naming(who: Person) -> ColumnElement[bool]:
    """Whether what came in names them: by their address anywhere, by their name where it is about their claims."""
    said = func.concat_ws(" ", ReceivedMail.sender, ReceivedMail.words, ReceivedMail.diagnostic)
    theirs = select(Mail.id).where(Mail.claim_id.in_(who.claims))
    named = and_(ReceivedMail.mail_id.in_(theirs), has(said, who.words))
    in_raw = func.strpos(func.lower(func.encode(ReceivedMail.raw, "escape")), who.address) > 0
    return or_(has(said, (who.address,)), in_raw, named)


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
