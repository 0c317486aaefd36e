"""What a transaction has locked and read of many claims at once, so that who deals with one of them asks no more.

A batch locks and reads ahead, and then does with claim after claim what is done with one alone, by the very
functions that do it alone. Under the locks nothing of what is kept here changes but by them. So whoever is about to
lock a claim, or to ask about one, looks here first, and asks the database where nothing is known.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from sqlalchemy.orm import Session

from cpor_web.models import Claim, Invitation, Mail, Round

KEY = "ahead"
Answer = TypeVar("Answer")


@dataclass(slots=True)
class Head:
    """Where a claim's history stands, locked: it moves on with each event that is written."""

    position: int
    link: bytes


class Known(NamedTuple):
    """What is known of one claim, None for what was not read. `claim`, `round` and `head` are locked.

    `round` is the claim's newest, read with its invitations, `head` that of its history. `mails_wait` has the ids of
    those invitations of which a mail waits to be sent. `replaces` tells whether it is to take another's place.
    """

    claim: Claim | None = None
    round: Round | None = None
    head: Head | None = None
    has_proof: bool | None = None
    is_undrawn: bool | None = None
    is_assessed: bool | None = None
    mails_wait: frozenset[int] | None = None
    replaces: bool | None = None


NOTHING = Known()
NO_ROUNDS: Mapping[int, Round] = {}
NO_MAILS: Mapping[int, Mail] = {}


@dataclass(frozen=True, slots=True)
class _Kept:
    claims: Mapping[int, Known]
    rounds: Mapping[int, Round]
    mails: Mapping[int, Mail]
    answers: dict[Callable[[Session], Any], Any] = field(default_factory=dict)


@contextmanager
def keeping(
    session: Session,
    claims: Mapping[int, Known],
    *,
    rounds: Mapping[int, Round] = NO_ROUNDS,
    mails: Mapping[int, Mail] = NO_MAILS,
) -> Iterator[None]:
    """Keep what is known of claims, by their ids, while the block lasts: no longer than its transaction.

    `rounds` and `mails`, by their ids, are locked as well. What the block has added is written at its end.
    """
    session.info[KEY] = _Kept(claims, rounds, mails)
    try:
        yield
        session.flush()
    finally:
        del session.info[KEY]


def of(session: Session, claim_id: int) -> Known:
    """Return what this transaction knows of a claim: mostly nothing."""
    kept: _Kept | None = session.info.get(KEY)
    return kept.claims.get(claim_id, NOTHING) if kept is not None else NOTHING


def round_(session: Session, round_id: int) -> Round | None:
    """Return a round that this transaction has locked and read for a batch, None for any other one."""
    kept: _Kept | None = session.info.get(KEY)
    return kept.rounds.get(round_id) if kept is not None else None


def invitation(session: Session, invitation_id: int | None) -> Invitation | None:
    """Return an invitation of a round that was read for a batch, with its round; None for any other one."""
    kept: _Kept | None = session.info.get(KEY)
    asked = (each for round_ in kept.rounds.values() for each in round_.invitations) if kept is not None else ()
    return next((each for each in asked if each.id == invitation_id), None)


def mail(session: Session, mail_id: int) -> Mail | None:
    """Return a mail that this transaction has locked and read for a batch, None for any other one."""
    kept: _Kept | None = session.info.get(KEY)
    return kept.mails.get(mail_id) if kept is not None else None


def once(session: Session, ask: Callable[[Session], Answer]) -> Answer:
    """Return what `ask` answers, which is the same for all claims: a batch asks once, when its locks are taken."""
    kept: _Kept | None = session.info.get(KEY)
    if kept is None:
        return ask(session)
    if ask not in kept.answers:
        kept.answers[ask] = ask(session)
    answer: Answer = kept.answers[ask]
    return answer
