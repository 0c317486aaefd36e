"""What a typed word finds: by the index of words, by the partner's MPN IDs, and by the addresses of contacts."""

from collections.abc import Sequence
from string import punctuation
from typing import Any

from sqlalchemy import ColumnElement, Text, any_, cast, func, literal, or_, select
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Session

from cpor_web.models import Claim, CustomerContact, MpnId, Partner
from cpor_web.rules.roles import Actor

LONGEST_WORD = 400  # characters, as the index has them


def mentions(session: Session, actor: Actor, word: str) -> ColumnElement[bool]:
    """Return whether a claim has the word where one of its own begins, or it is the address of a contact.

    The index finds claims that have all parts of it, each where a word begins; then the whole is looked for.
    """
    ways = [_has_text(word)]
    if _has_parts(word):
        own = (Claim.name, Claim.customer_name, Claim.customer_domain, Claim.reference)
        ways[0] &= func.claim_words(*own, Claim.tenant_id, Claim.subscription_id).op("@@")(_query(word))
    if word.isdecimal() and (numbered := _numbered(session, actor, word)):
        ways.append(Claim.mpn_id_id.in_(numbered))
    if "@" in word:
        asked = select(CustomerContact.claim_id).where(func.lower(CustomerContact.email) == word)
        # As an array, so that each way goes by an index of its own.
        ways.append(Claim.id == any_(func.array(asked.scalar_subquery())))
    return or_(*ways)


def names_partner(typed: str) -> ColumnElement[bool]:
    """Return whether a partner's name has what was typed where one of its words begins, whatever the case."""
    name = func.lower(Partner.name)  # by the database alone: of some capitals Python makes other small letters
    return or_(func.starts_with(name, func.lower(typed)), func.strpos(name, func.lower(f" {typed}")) > 0)


def _numbered(session: Session, actor: Actor, digits: str) -> Sequence[int]:
    """Return the MPN IDs that begin so, a partner's own or, for reviewers, anybody's.

    Asked beforehand: mostly there are none, and that helps to plan.
    """
    numbered = select(MpnId.id).where(MpnId.number.startswith(digits, autoescape=True))
    if actor.partner_id is not None:
        numbered = numbered.where(MpnId.partner_id == actor.partner_id)
    return session.scalars(numbered).all()


def _has_parts(word: str) -> bool:
    """Tell whether there is anything in it but signs, which are in no index."""
    return any(sign not in punctuation and not sign.isspace() for sign in word)


def _query(word: str) -> ColumnElement[Any]:
    parts = func.array_to_string(func.words_in(word[:LONGEST_WORD]), "':* & '")
    return cast(literal("'").concat(parts).concat("':*"), TSQUERY)


def _has_text(word: str) -> ColumnElement[bool]:
    def has(column: Any) -> ColumnElement[bool]:
        return func.lower(column).contains(word, autoescape=True)

    texts = (Claim.name, Claim.customer_name, Claim.customer_domain, Claim.reference)
    ids = (cast(Claim.tenant_id, Text), cast(Claim.subscription_id, Text))
    without_dashes = (func.replace(each, "-", "") for each in ids)  # as some portals write them
    return or_(*(has(column) for column in (*texts, *ids, *without_dashes)))
