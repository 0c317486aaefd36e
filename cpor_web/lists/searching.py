"""What a typed word finds: by the index of words, by the partner's MPN IDs, and by the addresses of contacts.

A search is asked in a statement of its kind: how many words there are, and in which ways each can be meant. The words
themselves have names in it, so that it is made once and kept.
"""

import re
from collections.abc import Mapping, Sequence
from string import punctuation
from typing import Any, NamedTuple

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Text, any_, bindparam, cast, func, literal, or_, select
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Session

from cpor_web.claims.references import normalised
from cpor_web.models import Claim, CustomerContact, MpnId, Partner
from cpor_web.rules.roles import PARTNER_ROLES, Actor

LONGEST_WORD = 400  # characters, as the index has them
MOST_WORDS = 5


class Word(NamedTuple):
    """In which ways a typed word can be meant; `number` tells it from the others.

    `has_parts`: there is more in it than signs, which are in no index.
    """

    number: int
    has_parts: bool
    is_address: bool
    begins_mpn_id: bool
    names_partner: bool = False
    is_reference: bool = False

    def name(self, of: str) -> str:
        """Return what the statement calls this of the word."""
        return f"{of}_{self.number}"


class Search(NamedTuple):
    """What was typed: the ways in which its words can be meant, and what the statement's names stand for."""

    words: tuple[Word, ...]
    given: Mapping[str, Any]


NOTHING = Search((), {})


def read(session: Session, actor: Actor, typed: str) -> Search:
    """Return what was typed as it is asked for; partners and MPN IDs are looked up here, as mostly there are none."""
    words: list[Word] = []
    given: dict[str, Any] = {}
    for number, word in enumerate(typed.replace("\x00", "").split()[:MOST_WORDS]):
        numbered = _numbered(session, actor, word) if word.isdecimal() else ()
        partners = () if actor.role in PARTNER_ROLES else _partners(session, word)
        reference = normalised(word)
        kind = Word(number, _has_parts(word), "@" in word, bool(numbered), bool(partners), bool(reference))
        words.append(kind)
        given |= {
            kind.name("word"): word,
            kind.name("begun"): word[:LONGEST_WORD],
            kind.name("within"): _within(word),
        }
        given |= {kind.name("mpn_ids"): list(numbered), kind.name("partners"): list(partners)}
        given[kind.name("reference")] = reference
    return Search(tuple(words), given)


def mentions(word: Word) -> ColumnElement[bool]:
    """Return whether a claim has the word where one of its own begins, or is meant by it in another way.

    The index finds claims that have all parts of it, each where a word begins; then the whole is looked for. An
    address is that of a contact, a reference may be told without its dash. Reviewers also find by the partner's name.
    """
    ways = [_has_text(word)]
    if word.has_parts:
        own = (Claim.name, Claim.customer_name, Claim.customer_domain, Claim.reference)
        ways[0] &= func.claim_words(*own, Claim.tenant_id, Claim.subscription_id).op("@@")(_query(word))
    if word.begins_mpn_id:
        ways.append(Claim.mpn_id_id == any_(bindparam(word.name("mpn_ids"), type_=ARRAY(BigInteger))))
    if word.is_address:
        asked = select(CustomerContact.claim_id).where(
            func.lower(CustomerContact.email) == _lowered(word.name("word"))
        )
        # As an array, so that each way goes by an index of its own.
        ways.append(Claim.id == any_(func.array(asked.scalar_subquery())))
    if word.names_partner:
        ways.append(Claim.partner_id == any_(bindparam(word.name("partners"), type_=ARRAY(BigInteger))))
    if word.is_reference:
        ways.append(Claim.reference == bindparam(word.name("reference"), type_=Text))
    return or_(*ways)


def names_partner(typed: str) -> ColumnElement[bool]:
    """Return whether a partner's name has what was typed where one of its words begins, whatever the case."""
    name = func.lower(Partner.name)  # by the database alone: of some capitals Python makes other small letters
    return or_(func.starts_with(name, func.lower(typed)), func.strpos(name, func.lower(f" {typed}")) > 0)


def _partners(session: Session, word: str) -> Sequence[int]:
    return session.scalars(select(Partner.id).where(names_partner(word))).all()


def _numbered(session: Session, actor: Actor, digits: str) -> Sequence[int]:
    """Return the MPN IDs that begin so, a partner's own or, for reviewers, anybody's."""
    numbered = select(MpnId.id).where(MpnId.number.startswith(digits, autoescape=True))
    if actor.partner_id is not None:
        numbered = numbered.where(MpnId.partner_id == actor.partner_id)
    return session.scalars(numbered).all()


def _has_parts(word: str) -> bool:
    """Tell whether there is anything in it but signs, which are in no index."""
    return any(sign not in punctuation and not sign.isspace() for sign in word)


def _query(word: Word) -> ColumnElement[Any]:
    parts = func.array_to_string(func.words_in(bindparam(word.name("begun"), type_=Text)), "':* & '")
    # As a subquery, so that the planner sees no words: it would plan each search anew, which takes longer.
    return select(cast(literal("'").concat(parts).concat("':*"), TSQUERY)).scalar_subquery()


def _within(word: str) -> str:
    """Return the pattern of what has the word in it."""
    return "%" + re.sub(r"[\\%_]", r"\\\g<0>", word) + "%"


def _lowered(name: str) -> ColumnElement[str]:
    """Return what was typed in small letters, made by the database as those of its columns: Python has others.

    As a subquery, so that they are made once, and not for each row.
    """
    return select(func.lower(bindparam(name, type_=Text))).scalar_subquery()


def _has_text(word: Word) -> ColumnElement[bool]:
    within = _lowered(word.name("within"))

    def has(column: Any) -> ColumnElement[bool]:
        return func.lower(column).like(within)

    texts = (Claim.name, Claim.customer_name, Claim.customer_domain, Claim.reference)
    ids = (cast(Claim.tenant_id, Text), cast(Claim.subscription_id, Text))
    without_dashes = (func.replace(each, "-", "") for each in ids)  # as some portals write them
    return or_(*(has(column) for column in (*texts, *ids, *without_dashes)))
