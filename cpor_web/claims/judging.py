"""The reviewer's part of the check of the proof: of each cell whether it is found, and what is missing."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cpor_web import facts, history, lifecycle
from cpor_web.claims import pages
from cpor_web.claims.input import text_of
from cpor_web.claims.preflight import Judged, Key, cells_of, keys_of, new_cell
from cpor_web.models import Claim, Document, Event, Verdict
from cpor_web.programme import Programme
from cpor_web.rules import transitions
from cpor_web.rules.actions import Action
from cpor_web.rules.exc import Stale
from cpor_web.rules.roles import Actor
from cpor_web.rules.words import N_

JUDGED_SINCE = N_(
    "The check of the proof was saved since you opened this page, perhaps in another window. Nothing was saved now. "
    "See what it says, then save."
)


def judge(
    session: Session,
    claim: Claim,
    judged: Mapping[Key, Judged],
    *,
    actor: Actor,
    now: datetime,
    programme: Programme,
    seen: int | None = None,
    judged_at: int | None = None,
) -> bool:
    """Note, as the reviewer who holds the claim, what is found and what is missing; return whether that changed.

    The partner sees nothing of it: a request or a rejection tells. A page says something of every cell: raises
    Stale where the check was saved since `judged_at`, which `last_judged` told the page. Raises Invalid with the cell
    as `field_name` where the words name a page that none of the claim's documents has.
    """
    lifecycle.hold(session, claim, seen=seen)
    known = facts.of(session, claim, actor=actor, now=now, programme=programme)
    transitions.find(claim.status, Action.REQUEST_INFORMATION, actor.role, known)
    if judged_at is not None and judged_at != last_judged(session, claim):
        raise Stale(JUDGED_SINCE, since=claim.version)
    cells, changed, last = cells_of(session, claim), [], _last_page(session, claim)
    for key in keys_of(claim):
        said = _with_words(judged.get(key, Judged()))
        pages.check_words(said.place, last, " ".join(key))
        cell = cells.get(key)
        before = Judged(cell.verdict, cell.missing, cell.place, cell.mend) if cell else Judged()
        if said == before:
            continue
        cell = cell or new_cell(session, claim, key)
        cell.verdict, cell.missing, cell.place, cell.mend = said.verdict, said.missing, said.place, said.mend
        changed.append([key[0].value, key[1], said.verdict.value if said.verdict else "", said.missing])
    if changed:
        data = {"verdicts": changed}
        history.append(session, claim, "proof:judged", actor=actor, now=now, data=data, is_internal=True)
    return bool(changed)


def last_judged(session: Session, claim: Claim) -> int:
    """Return where in the claim's history the check was saved last, 0 where it never was.

    By this a page of the check is told to be old, not by the claim's version: a decision that is being written in
    another window stays as fresh as it was.
    """
    judged = select(func.max(Event.position)).where(Event.claim_id == claim.id, Event.kind == "proof:judged")
    return session.scalar(judged) or 0


def judged_since(session: Session, claim: Claim, judged_at: int) -> Sequence[Event]:
    """Return the events of saving the check after `judged_at`."""
    judged = select(Event).where(Event.claim_id == claim.id, Event.kind == "proof:judged", Event.position > judged_at)
    return session.scalars(judged).all()


def _last_page(session: Session, claim: Claim) -> int | None:
    """Return the number of pages of the longest document that was not replaced, None where one is not counted."""
    found = select(Document.pages).where(Document.claim_id == claim.id, Document.replaced_by_id.is_(None))
    numbers = session.scalars(found).all()
    return None if None in numbers else max((each for each in numbers if each is not None), default=None)


def _with_words(said: Judged) -> Judged:
    if said.verdict is not Verdict.MISSING:
        return Judged(said.verdict)
    return Judged(said.verdict, *(text_of(words, "grid") for words in (said.missing, said.place, said.mend)))
