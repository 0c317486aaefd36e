"""Denials of which all is locked, read and written at once. What a denial does is said by `answers.deny`.

Many deny at the same time, and most of what a denial took was reading and writing object by object. Here claims and
rounds are locked by one statement, the heads of their histories by the next, and all that a denial is usually judged
by is read by another, after them. The objects made of that are in no session: the verb finds them as what the
transaction knows ahead (`cpor_web.entities.ahead`). What it changes and adds is written by a last one
(`cpor_web.entities.aside`). A relation that was not read is not empty: to ask for it raises DetachedInstanceError.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from cpor_web import history
from cpor_web.consent import answers
from cpor_web.consent.recording import Outcome
from cpor_web.database import direct
from cpor_web.entities import ahead, detached
from cpor_web.entities.ahead import Known
from cpor_web.models import Claim, ClaimProduct, CustomerContact, Invitation, MpnId, Partner, Round, User
from cpor_web.programme import Programme
from cpor_web.rules.reasons import Denial, Way


class Denying(NamedTuple):
    """A denial through a link that came at the moment `now`: what was chosen, and on what page it was pressed."""

    link_id: bytes
    reason: Denial
    way: Way
    now: datetime
    words: str = ""

    def by(self, session: Session, invitation: Invitation, programme: Programme) -> Outcome:
        """Record it, as one of the contact that the link was given to."""
        reason, words, way, now = self.reason, self.words, self.way, self.now
        return answers.deny(session, invitation, reason=reason, words=words, way=way, now=now, programme=programme)


def deny(session: Session, denying: Denying, *, programme: Programme) -> Outcome | None:
    """Record a denial, None for a link that nobody was given; it waits for whoever has the claim locked."""
    with _held(session, [denying.link_id], waits=True) as held:
        invitation = held.get(denying.link_id) or answers.find(session, denying.link_id)
        return denying.by(session, invitation, programme) if invitation is not None else None


def deny_free(session: Session, many: Sequence[Denying], *, programme: Programme) -> Sequence[Outcome | None]:
    """Record all that can be recorded without waiting for anybody, and return what each did.

    None for those that are left: their claim is locked, their link is unknown or not read at once (see `_held`), or
    another one of these was about the same claim. Where one raises, nothing of all was done once it is rolled back.
    """
    with _held(session, [each.link_id for each in many], waits=False) as held:
        asked = [(each, held.pop(each.link_id, None)) for each in many]
        return [each.by(session, found, programme) if found is not None else None for each, found in asked]


@contextmanager
def _held(session: Session, links: Sequence[bytes], *, waits: bool) -> Iterator[dict[bytes, Invitation]]:
    """Lock what is behind links, yield the invitations by their links, and write what the block changes of their
    claims and rounds. Of each claim it has one.

    It has none where it has to be read as ever: a link is unknown or superseded, its customer was asked since, or the
    claim was to be assessed; nor, unless it `waits`, where somebody else has a lock. What is locked stays so until
    the caller's transaction ends.
    """
    session.flush()
    text = _LOCK if waits else _LOCK_FREE
    rounds = dict(direct.ask(session, text, {"links": direct.several_octets(links)}).fetchall())
    heads = history.hold(session, rounds, waits=waits)
    behind = _behind(session, [rounds[claim_id] for claim_id in heads], links) if heads else {}
    if not behind:
        yield {}
        return
    found = [each.round for each in behind.values()]
    known = {each.claim.id: Known(each.claim, each, heads[each.claim.id], is_assessed=False) for each in found}
    with ahead.keeping(session, known):
        yield behind
        detached.write(session, [each.claim for each in found])
        detached.write(session, found)


def _behind(session: Session, round_ids: Collection[int], links: Collection[bytes]) -> dict[bytes, Invitation]:
    rows = direct.ask(session, _READ, {"rounds": direct.several(round_ids)})
    read = (_invitation(found, links) for (found,) in rows)
    return {each.link_id: each for each in read if each is not None}


def _invitation(found: Mapping[str, Any], links: Collection[bytes]) -> Invitation | None:
    invitations = [_asked(each) for each in found["invitations"]]
    asked = next(each for each in invitations if each.link_id in links)
    if asked.superseded_at is not None or not found["is_newest"] or found["is_assessed"]:
        return None
    claim, round_ = detached.made(Claim, found["claim"]), detached.made(Round, found["round"])
    for invitation in invitations:
        detached.relate(invitation, round=round_)
    detached.relate(round_, invitations=invitations, claim=claim)
    detached.relate(
        claim,
        partner=detached.made(Partner, found["partner"]),
        filed_by=detached.made(User, found["filed_by"]),
        mpn_id=detached.made(MpnId, found["mpn_id"]) if found["mpn_id"] is not None else None,
        products=[detached.made(ClaimProduct, each) for each in found["products"]],
    )
    return asked


def _asked(found: Mapping[str, Any]) -> Invitation:
    invitation = detached.made(Invitation, found["invitation"])
    detached.relate(invitation, contact=detached.made(CustomerContact, found["contact"]))
    return invitation


_LOCK = f"""
    WITH claim AS MATERIALIZED (
        SELECT id FROM claims WHERE id = ANY(ARRAY(
            SELECT claim_id FROM rounds
            WHERE id = ANY(ARRAY(SELECT round_id FROM invitations WHERE link_id = {direct.among("links", "bytea")}))
        )) ORDER BY id FOR NO KEY UPDATE OF claims
    )
    SELECT claim_id, id FROM rounds
    WHERE id = ANY(ARRAY(SELECT round_id FROM invitations WHERE link_id = {direct.among("links", "bytea")}))
        AND claim_id = ANY(ARRAY(SELECT id FROM claim))
    ORDER BY claim_id, id FOR NO KEY UPDATE OF rounds"""  # noqa: S608 - a name of ours
"""Rounds are looked for by what came of locking their claims. No join is in it: of what was waited for, PostgreSQL
would join the old rows. Whose a link is, and of which claim a round, never changes. There is no third lock in it: to
wait for one may take half of what a statement may take.
"""

_LOCK_FREE = re.sub(r"(FOR NO KEY UPDATE OF \w+)", r"\1 SKIP LOCKED", _LOCK)

_READ = f"""
    SELECT to_json(found) FROM (SELECT claim, round, partner, mpn_id, filer AS filed_by,
        ARRAY(SELECT product FROM claim_products product WHERE claim_id = claim.id ORDER BY key) AS products,
        ARRAY(
            SELECT json_build_object('invitation', invitation, 'contact', contact)
            FROM invitations invitation JOIN customer_contacts contact ON contact.id = contact_id
            WHERE round_id = round.id ORDER BY invitation.id
        ) AS invitations,
        NOT EXISTS (SELECT FROM rounds WHERE claim_id = claim.id AND number > round.number) AS is_newest,
        EXISTS (SELECT FROM assessments WHERE claim_id = claim.id) AS is_assessed
    FROM rounds round
    JOIN claims claim ON claim.id = round.claim_id
    JOIN partners partner ON partner.id = claim.partner_id
    JOIN users filer ON filer.id = claim.filed_by_id
    LEFT JOIN mpn_ids mpn_id ON mpn_id.id = claim.mpn_id_id
    WHERE round.id = {direct.among("rounds")}) found
"""  # noqa: S608 - a name of ours
"""Each as one value: to tell a hundred columns apart costs more than all that is done with them."""
