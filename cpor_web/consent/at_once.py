"""A denial of which all is locked, read and written at once. What it does is said by `answers.deny`.

Many deny at the same time, and most of what a denial took was reading and writing object by object. Here claim and
round are locked by one statement, the head of the history by the next, and all that a denial is usually judged by is
read by another, after them. The objects made of that are in no session: the verb finds them as what the transaction
knows ahead (`cpor_web.ahead`). What it changes and adds is written by a last one (`cpor_web.aside`). A relation that
was not read is not empty: to ask for it raises DetachedInstanceError.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy.orm import Session

from cpor_web import ahead, direct, history, loose
from cpor_web.ahead import Known
from cpor_web.consent import answers
from cpor_web.consent.recording import Outcome
from cpor_web.models import Claim, ClaimProduct, CustomerContact, Invitation, MpnId, Partner, Round, User


def deny(session: Session, link_id: bytes, **about: Any) -> Outcome | None:
    """Record a denial through a link, None for a link that nobody was given; `about` is that of `answers.deny`."""
    with _held(session, link_id) as held:
        invitation = held or answers.find(session, link_id)
        return answers.deny(session, invitation, **about) if invitation is not None else None


@contextmanager
def _held(session: Session, link_id: bytes) -> Iterator[Invitation | None]:
    """Lock what is behind a link, yield the invitation, and write what the block changes of claim and round.

    Yields None where it has to be read as ever: the link is unknown or superseded, its customer was asked since, or
    the claim was to be assessed. What is locked stays so until the caller's transaction ends.
    """
    session.flush()
    link = {"link": link_id}
    heads = history.hold(session, [claim_id for (claim_id,) in direct.ask(session, _LOCK, link)])
    asked = _invitation(direct.ask(session, _READ, link), link_id) if heads else None
    if asked is None:
        yield None
        return
    round_, claim = asked.round, asked.round.claim
    known = Known(claim=claim, round=round_, head=heads[claim.id], is_assessed=False)
    with ahead.keeping(session, {claim.id: known}):
        yield asked
        loose.write(session, [claim])
        loose.write(session, [round_])


def _invitation(behind: Iterable[tuple[Mapping[str, Any]]], link_id: bytes) -> Invitation | None:
    ((found,),) = behind
    invitations = [_asked(each) for each in found["invitations"]]
    asked = next(each for each in invitations if each.link_id == link_id)
    if asked.superseded_at is not None or not found["is_newest"] or found["is_assessed"]:
        return None
    claim, round_ = loose.made(Claim, found["claim"]), loose.made(Round, found["round"])
    for invitation in invitations:
        loose.relate(invitation, round=round_)
    loose.relate(round_, invitations=invitations, claim=claim)
    loose.relate(
        claim,
        partner=loose.made(Partner, found["partner"]),
        filed_by=loose.made(User, found["filed_by"]),
        mpn_id=loose.made(MpnId, found["mpn_id"]) if found["mpn_id"] is not None else None,
        products=[loose.made(ClaimProduct, each) for each in found["products"]],
    )
    return asked


def _asked(found: Mapping[str, Any]) -> Invitation:
    invitation = loose.made(Invitation, found["invitation"])
    loose.relate(invitation, contact=loose.made(CustomerContact, found["contact"]))
    return invitation


_LOCK = """
    WITH claim AS MATERIALIZED (
        SELECT id FROM claims WHERE id = (
            SELECT claim_id FROM rounds WHERE id = (SELECT round_id FROM invitations WHERE link_id = %(link)s)
        ) FOR NO KEY UPDATE OF claims
    )
    SELECT claim_id FROM rounds WHERE id = (SELECT round_id FROM invitations WHERE link_id = %(link)s)
        AND claim_id = (SELECT id FROM claim)
    FOR NO KEY UPDATE OF rounds"""
"""The round is looked for by what came of locking the claim. No join is in it: of what was waited for, PostgreSQL
would join the old rows. Whose a link is, and of which claim a round, never changes. There is no third lock in it: to
wait for one may take half of what a statement may take.
"""

_READ = """
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
    WHERE round.id = (SELECT round_id FROM invitations WHERE link_id = %(link)s)) found
"""
"""As one value: to tell a hundred columns apart costs more than all that is done with them."""
