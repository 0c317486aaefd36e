"""What a partner does with its own claim until it is decided: file, edit, prove, submit, resubmit."""

from collections import Counter
from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cpor_web import facts, history, lifecycle
from cpor_web.claims import competing, proof, warning, writing
from cpor_web.claims.drafts import Draft
from cpor_web.claims.references import new_reference
from cpor_web.models import Claim, Document, Event, Partner
from cpor_web.programme import Programme
from cpor_web.rules import fields, transitions
from cpor_web.rules.actions import Action
from cpor_web.rules.exc import Invalid, NotAllowed
from cpor_web.rules.roles import CLAIMANTS, Actor, require
from cpor_web.rules.statuses import Status
from cpor_web.rules.words import N_

WORDS = "comment:added"
ADDITIONS = ("claim:edited", "document:uploaded", "proof:located")
"""What a partner can answer a request for information with, beside words."""

FIRST_VERSION = 1
"""Of a claim that was just made."""

REMOVAL = "document:removed"
"""What takes one of them back."""


def create(
    session: Session,
    draft: Draft,
    *,
    actor: Actor,
    now: datetime,
    programme: Programme,
    made_of: bytes | None = None,
) -> Claim:
    """Make a claim in Editing from what a form says; anything but its name may still be missing.

    `made_of` is the digest of what makes no second one. Whoever gives one has looked for it under `hold_partner`.
    """
    transitions.find(None, Action.CREATE, actor.role, transitions.Facts())
    partner = session.get_one(Partner, actor.partner_id)
    claim = Claim(
        version=FIRST_VERSION,
        created_at=now,
        filed_by_id=actor.user_id,
        partner=partner,
        status=Status.EDITING,
        status_since=now,
        made_of=made_of,
    )
    writing.write(claim, draft, partner=partner, programme=programme)
    _add_under_a_free_reference(session, claim)
    history.begin(session, claim)
    history.append(session, claim, "claim:created", actor=actor, now=now)
    return claim


def hold_partner(session: Session, actor: Actor) -> None:
    """Lock the actor's partner until the transaction ends: what is to be made once is looked for, then made."""
    session.get_one(Partner, actor.partner_id, with_for_update={"key_share": True})


def made_before(session: Session, made_of: bytes, *, actor: Actor) -> Claim | None:
    """Return the claim that was made of this before, if it is still there; of two at once the second finds it."""
    hold_partner(session, actor)
    return session.scalar(select(Claim).where(Claim.partner_id == actor.partner_id, Claim.made_of == made_of))


def save(
    session: Session,
    claim: Claim,
    draft: Draft,
    *,
    actor: Actor,
    now: datetime,
    programme: Programme,
    seen: int | None = None,
) -> dict[str, list[str]]:
    """Write the fields that may be edited in the claim's status; return what changed, old and new.

    Fields that may not be edited keep their values, whatever `draft` says. An edit restarts no clock.
    """
    require(actor, CLAIMANTS)
    lifecycle.hold(session, claim, seen=seen)
    writing.check_editable(claim, programme)
    before = {each.mark for each in warning.of_claim(session, claim, now=now, programme=programme)}
    changed = writing.write(claim, draft, partner=claim.partner, programme=programme)
    if changed:
        if claim.status is not Status.EDITING:
            with session.no_autoflush:  # what is incomplete gets a sentence from us, not an error of the database
                _still_complete(claim, programme)
        claim.version += 1
        history.append(session, claim, "claim:edited", actor=actor, now=now, data={"changes": changed})
        warned = warning.of_claim(session, claim, now=now, programme=programme)
        if claim.status is not Status.EDITING and not before.issuperset(each.mark for each in warned):
            warning.keep(session, claim, warned, actor=actor, now=now)
    return changed


def delete_draft(
    session: Session, claim: Claim, *, actor: Actor, now: datetime, programme: Programme, seen: int | None = None
) -> None:
    """Delete a draft that was never submitted. Its row stays, emptied, because no history is ever removed."""
    lifecycle.hold(session, claim, seen=seen)
    known = facts.of(session, claim, actor=actor, now=now, programme=programme)
    transitions.find(claim.status, Action.DELETE, actor.role, known)
    drop(session, claim, actor=actor, now=now)


def drop(session: Session, claim: Claim, *, actor: Actor, now: datetime) -> None:
    """Empty a draft that the caller has locked and may delete, and note that it was deleted."""
    writing.empty(claim)
    session.execute(delete(Document).where(Document.claim_id == claim.id))
    claim.deleted_at = now
    claim.version += 1
    history.append(session, claim, "claim:deleted", actor=actor, now=now)


def submit(
    session: Session,
    claim: Claim,
    *,
    actor: Actor,
    now: datetime,
    programme: Programme,
    seen: int | None = None,
    past: Collection[str] | None = None,
) -> None:
    """Hand the draft to the reviewers.

    `past` has the marks of the warnings that the person has read. Raises Unread where there is another.
    """
    lifecycle.hold(session, claim, seen=seen)
    _still_right(claim, programme)
    known = facts.of(session, claim, actor=actor, now=now, programme=programme)
    transitions.find(claim.status, Action.SUBMIT, actor.role, known)
    warned = warning.of_claim(session, claim, now=now, programme=programme)
    warning.read(warned, past)
    claim.first_submitted_at = now
    lifecycle.advance(session, claim, Action.SUBMIT, actor=actor, now=now, programme=programme)
    warning.keep(session, claim, warned, actor=actor, now=now)
    competing.flag(session, claim, now=now)


def resubmit(
    session: Session, claim: Claim, *, actor: Actor, now: datetime, programme: Programme, seen: int | None = None
) -> None:
    """Hand the claim back to the reviewer who asked; only this stops the partner's clock."""
    lifecycle.hold(session, claim, seen=seen)
    lifecycle.advance(session, claim, Action.RESUBMIT, actor=actor, now=now, programme=programme)


class Provided(NamedTuple):
    """What the partner has done since the reviewer asked: whether it added or changed anything, and said any."""

    has_additions: bool
    has_words: bool


def provided(session: Session, claim: Claim) -> Provided:
    """Return what the partner has provided since the last request for information."""
    asked = select(func.max(Event.position)).where(
        Event.claim_id == claim.id, Event.kind == "claim:information-requested"
    )
    since = select(Event.kind).where(Event.claim_id == claim.id, Event.position > asked.scalar_subquery())
    theirs = since.where(Event.kind.in_((*ADDITIONS, REMOVAL, WORDS)), Event.role.in_(CLAIMANTS))
    done = Counter(session.scalars(theirs))
    done["document:uploaded"] -= done.pop(REMOVAL, 0)
    has_words = done.pop(WORDS, 0) > 0
    return Provided(has_additions=done.total() > 0, has_words=has_words)


def upload(
    session: Session,
    claim: Claim,
    document: Document,
    *,
    actor: Actor,
    now: datetime,
    programme: Programme,
    replaces: int | None = None,
    seen: int | None = None,
) -> Document:
    """Add a proof whose bytes are stored already. `replaces` is the id of one of this claim's that it replaces.

    Fresh proof on an approved claim changes nothing of the association: reviewers see it where claims compete.
    """
    require(actor, CLAIMANTS)
    lifecycle.hold(session, claim, seen=seen)
    if not fields.takes_proof(claim.status, programme.correctable_in):
        raise NotAllowed(N_("Proof cannot be added while a claim is “%(status)s”."), {"status": claim.status.label})
    claim.version += 1
    proof.attach(session, claim, document, actor=actor, now=now, replaces=replaces)
    return document


def _add_under_a_free_reference(session: Session, claim: Claim) -> None:
    while True:
        claim.reference = new_reference()
        try:
            with session.begin_nested():
                session.add(claim)
                session.flush()
        except IntegrityError as error:
            if "claims_unique_reference" not in str(error.orig):
                raise
        else:
            return


def _still_complete(claim: Claim, programme: Programme) -> None:
    for name in facts.missing_fields(claim, programme):
        raise Invalid(N_("This cannot be empty once the claim is submitted."), field_name=name)


def _still_right(claim: Claim, programme: Programme) -> None:
    """Refuse a draft that was right when it was saved and no longer is: the catalogue or the MPN IDs changed."""
    for name, wrong in writing.problems_of(claim, programme).items():
        raise Invalid(wrong.message, wrong.values, field_name=name)
