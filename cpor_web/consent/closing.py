"""Closing many rounds in one transaction: their claims are locked, and all that is looked at is read, together.

Whether and how a round closes is said once, by `rounds.close`, which does each of them.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, selectinload

from cpor_web import ahead, facts, history, unread
from cpor_web.ahead import Known
from cpor_web.consent import rounds
from cpor_web.emails import outbox
from cpor_web.models import Assessment, Claim, Replacement, Round

_FRESH = {"populate_existing": True}


@contextmanager
def together(session: Session, round_ids: Collection[int]) -> Iterator[tuple[Sequence[int], Sequence[int]]]:
    """Lock those of these rounds whose claims nobody else has locked, and yield their ids, in their claims' order.

    Inside, `rounds.close` closes them without asking for each. Left out are those that another closer has, or whoever
    acts on the claim at this moment. Yields apart the ids of those that can be closed only alone: such a claim takes
    the place of an association, which is locked with it.
    """
    known: dict[int, Known] = {}
    with ahead.keeping(session, known):
        claims = _claims(session, round_ids)
        ahead.once(session, unread.emptied_at)  # before what came in: what comes between the two is not read yet
        known |= _known(session, claims)
        newest = [(each.round.id, each.replaces) for each in known.values() if each.round is not None]
        held = [id_ for id_, replaces in newest if id_ in round_ids and not replaces]
        alone = [id_ for id_, replaces in newest if id_ in round_ids and replaces]
        yield held, alone


def _claims(session: Session, round_ids: Collection[int]) -> Sequence[Claim]:
    """Lock and read claims with what their facts and mails are made of."""
    parts = (Claim.products, Claim.all_contacts, Claim.mpn_id, Claim.partner, Claim.filed_by)
    due = select(Claim).where(Claim.id.in_(select(Round.claim_id).where(Round.id.in_(round_ids))))
    due = due.order_by(Claim.id).with_for_update(of=Claim, key_share=True, skip_locked=True)
    return session.scalars(due.options(*(selectinload(each) for each in parts)).execution_options(**_FRESH)).all()


def _known(session: Session, claims: Sequence[Claim]) -> dict[int, Known]:
    """Lock and read, in the order of locks, what belongs to claims that are locked."""
    ids = [claim.id for claim in claims]
    newest = rounds.hold_newest(session, ids)
    head = history.hold(session, ids)
    mails_wait = outbox.not_begun(session, [each.id for round_ in newest.values() for each in round_.invitations])
    replacements = select(Replacement.claim_id).where(Replacement.ended_at.is_(None))
    assessed, replacing = _among(session, ids, select(Assessment.claim_id)), _among(session, ids, replacements)
    proven, undrawn = set(facts.proven(session, ids)), set(unread.undrawn(session, ids, replies=True))
    return {
        claim.id: Known(
            claim=claim,
            round=newest[claim.id],
            head=head[claim.id],
            has_proof=claim.id in proven,
            is_undrawn=claim.id in undrawn,
            is_assessed=claim.id in assessed,
            mails_wait=frozenset(mails_wait),
            replaces=claim.id in replacing,
        )
        for claim in claims
    }


def _among(session: Session, claim_ids: Sequence[int], found: Select[int]) -> set[int]:
    (claim_id,) = found.selected_columns
    return set(session.scalars(found.where(claim_id.in_(claim_ids))))
