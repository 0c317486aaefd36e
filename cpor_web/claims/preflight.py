"""The check of the proof: a grid of the five reasons to ask × the claimed products. The partner says in which
document and on which page each is; the reviewer says of each whether it is found there, and what is missing: see
`judging`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from cpor_web import history, lifecycle
from cpor_web.claims import pages, writing
from cpor_web.models import Claim, Document, Event, ProofCell, Verdict
from cpor_web.programme import Programme
from cpor_web.rules.exc import GuardFailed, Invalid, Unfinished
from cpor_web.rules.reasons import Rejection, Request
from cpor_web.rules.roles import CLAIMANTS, Actor, require
from cpor_web.rules.words import N_

LOOKED_FOR = {
    Request.ALL_PROOF: N_("Proof that is about this claim"),
    Request.ACKNOWLEDGMENT: N_("The customer's signature"),
    Request.DATES: N_("A date within 12 months before submission"),
    Request.SOLUTION: N_("The description of the work"),
    Request.PRODUCTS: N_("The product by its name"),
}
"""What the proof is to have, so that a reason to ask does not apply."""

LONGEST_PAGE = 60
UNFINISHED = N_(
    "The check of the proof has cells marked missing without all three: what is missing, where, and how to mend it. "
    "Complete them first."
)
STILL_MISSING = N_(
    "The check of the proof says that something is missing. Ask for it, or mark it as found there before you approve."
)

Key = tuple[Request, str]
"""A reason and a product's key."""

Said = TypeVar("Said", bound=tuple[Any, ...])


class Place(NamedTuple):
    """Where the partner says that something is: a document of the claim by its id, and a page in words."""

    document_id: int | None = None
    page: str = ""


class Judged(NamedTuple):
    """What a reviewer says of one cell; the words count only where it is missing."""

    verdict: Verdict | None = None
    missing: str = ""
    place: str = ""
    mend: str = ""


def keys_of(claim: Claim) -> list[Key]:
    """Return the cells that the claim's grid has, row by row."""
    return [(reason, product) for reason in Request for product in claim.product_keys]


def cells_of(session: Session, claim: Claim) -> dict[Key, ProofCell]:
    """Return what was said of the cells of the grid; a product that is not claimed any more has none."""
    return cells_of_all(session, [claim])[claim.id]


def cells_of_all(session: Session, claims: Sequence[Claim]) -> dict[int, dict[Key, ProofCell]]:
    """Return the same of several claims, by their ids."""
    said = select(ProofCell).where(ProofCell.claim_id.in_([claim.id for claim in claims]))
    found = session.scalars(said.options(joinedload(ProofCell.document)))
    cells = {(cell.claim_id, cell.reason, cell.product): cell for cell in found}
    return {
        claim.id: {key: cells[claim.id, *key] for key in keys_of(claim) if (claim.id, *key) in cells}
        for claim in claims
    }


def new_cell(session: Session, claim: Claim, key: Key) -> ProofCell:
    """Return a cell of which nothing is said yet; the next flush writes it."""
    cell = ProofCell(claim_id=claim.id, reason=key[0], product=key[1], page="", missing="", place="", mend="")
    session.add(cell)
    return cell


def up_to_date(typed: Mapping[Key, Said], saved: Mapping[Key, Said], since: Iterable[Event]) -> dict[Key, Said]:
    """Return what an older page says of each cell, and of what it leaves open what is `saved`, if that came `since`.

    What was taken back on that page stays so, unless something was said of that very cell meanwhile.
    """
    told = {
        (reason, product)
        for event in since
        for name in ("places", "verdicts")
        for reason, product, *_said in event.data.get(name, ())
    }
    came = {key: said for key, said in saved.items() if key in told and not any(typed.get(key, ()))}
    return {**typed, **came}


def gaps(claim: Claim, cells: Mapping[Key, ProofCell]) -> list[Key]:
    """Return the cells for which the partner names no document, or one that was replaced."""
    return [key for key in keys_of(claim) if key not in cells or not cells[key].is_located]


def located_in(session: Session, claim: Claim, document_id: int | None) -> int:
    """Return of how many cells the partner says that they are in this document."""
    cells = cells_of(session, claim).values() if document_id is not None else ()
    return sum(cell.document_id == document_id for cell in cells)


def missing(cells: Mapping[Key, ProofCell]) -> list[ProofCell]:
    """Return the cells that the reviewer marked missing."""
    return [cell for cell in cells.values() if cell.verdict is Verdict.MISSING]


def locate(
    session: Session,
    claim: Claim,
    places: Mapping[Key, Place],
    *,
    actor: Actor,
    now: datetime,
    programme: Programme,
    seen: int | None = None,
) -> bool:
    """Note where the partner says that the proof is; return whether anything changed. It restarts no clock.

    Raises Invalid with the cell as `field_name` ("reason product") for a document that is not this claim's or was
    replaced, for a page without one, and for one beyond the document's last.
    """
    require(actor, CLAIMANTS)
    lifecycle.hold(session, claim, seen=seen)
    writing.check_editable(claim, programme)
    current = _current(session, claim)
    cells, changed = cells_of(session, claim), []
    for key in keys_of(claim):
        place = places.get(key, Place())
        page = _checked(key, place, current)
        cell = cells.get(key)
        before = (cell.document_id, cell.page) if cell else (None, "")
        if before == (place.document_id, page):
            continue
        cell = cell or new_cell(session, claim, key)
        cell.document_id, cell.page = place.document_id, page
        named = current[place.document_id].filename if place.document_id is not None else ""
        changed.append([key[0].value, key[1], named, page])
    if changed:
        claim.version += 1
        history.append(session, claim, "proof:located", actor=actor, now=now, data={"places": changed})
    return bool(changed)


def wrong_in(session: Session, claim: Claim, places: Mapping[Key, Place]) -> Iterator[tuple[Key, Invalid]]:
    """Yield every cell whose place `locate` refuses, with why, in the order of the grid."""
    current = _current(session, claim)
    for key in keys_of(claim):
        try:
            _checked(key, places.get(key, Place()), current)
        except Invalid as refused:
            yield key, refused


def check_words(session: Session, claim: Claim) -> None:
    """Raise Unfinished where a cell is marked missing without what, where, and how to mend it."""
    if any(cell.is_unfinished for cell in cells_of(session, claim).values()):
        raise Unfinished(UNFINISHED)


def check_nothing_missing(session: Session, claim: Claim) -> None:
    """Raise GuardFailed where a cell is marked missing: nobody approves against their own check."""
    if missing(cells_of(session, claim)):
        raise GuardFailed(STILL_MISSING)


def rejection_for(cells: Mapping[Key, ProofCell]) -> Rejection | None:
    """Return the reviewer's reason that fits what is missing, None where nothing is."""
    reasons = {cell.reason for cell in missing(cells)}
    if not reasons:
        return None
    only = next(iter(reasons)) if len(reasons) == 1 else None
    fitting = {Request.ACKNOWLEDGMENT: Rejection.MISSING_CONSENT, Request.PRODUCTS: Rejection.MISSING_PRODUCTS}
    return fitting.get(only, Rejection.INSUFFICIENT_PROOF) if only else Rejection.INSUFFICIENT_PROOF


def by_reason(cells: Mapping[Key, ProofCell]) -> Iterator[tuple[Request, list[ProofCell]]]:
    """Yield each reason of which something is missing, with the cells that say what."""
    for reason in Request:
        if found := [cell for cell in missing(cells) if cell.reason is reason]:
            yield reason, found


def _current(session: Session, claim: Claim) -> dict[int, Document]:
    found = select(Document).where(Document.claim_id == claim.id, Document.replaced_by_id.is_(None))
    return {each.id: each for each in session.scalars(found)}


def _checked(key: Key, place: Place, current: Mapping[int, Document]) -> str:
    """Return the page without blanks around it; raise Invalid where the place will not do."""
    name, page = " ".join(key), place.page.replace("\x00", "").strip()
    if place.document_id is not None and place.document_id not in current:
        raise Invalid(N_("Choose a document of this claim that was not replaced yet."), field_name=name)
    if page and place.document_id is None:
        raise Invalid(N_("Choose the document that this page is of."), field_name=name)
    if len(page) > LONGEST_PAGE:
        raise Invalid(N_("Enter at most %(most)s characters."), {"most": LONGEST_PAGE}, field_name=name)
    if place.document_id is not None:
        pages.check_place(page, current[place.document_id], name)
    return page
