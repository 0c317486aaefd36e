"""A claim in each situation that lists tell apart, and the claims of a list as objects."""

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import timedelta

from sqlalchemy.orm import Session

from cpor_web import facts
from cpor_web.claims import contacts, queries
from cpor_web.claims.drafts import ContactDraft
from cpor_web.claims.listed import Line
from cpor_web.consent import answers, rounds
from cpor_web.lists import own
from cpor_web.lists.own import Wanted
from cpor_web.models import Claim
from cpor_web.programme import Programme
from cpor_web.rules.reasons import Denial, Way
from cpor_web.rules.roles import Actor
from tests.support import claims
from tests.support.claims import NOW

LATER = NOW + timedelta(hours=1)
CARLO = ContactDraft("Carlo Conti", "", "carlo@contoso.example.com")


def stopped(session: Session, programme: Programme, **more: object) -> Claim:
    claim = claims.running(session, programme, **more)
    (invitation,) = claims.invitations_of(session, claim)
    answers.not_the_right_person(session, invitation, now=LATER, programme=programme)
    return claim


def stopped_and_told(session: Session, programme: Programme, **more: object) -> Claim:
    claim = stopped(session, programme, **more)
    round_ = facts.latest_round(session, claim)
    assert round_ is not None
    round_.contact_due_at, round_.contact_rule = LATER + timedelta(days=14), {"unit": "business days"}
    return claim


def proposed(session: Session, programme: Programme, **more: object) -> Claim:
    claim = stopped(session, programme, **more)
    contacts.propose_contact(
        session,
        claim,
        CARLO,
        instead_of=claim.contacts[0].id,
        actor=claim.filed_by.actor,
        now=LATER,
        programme=programme,
    )
    return claim


def denied_by_replaced(session: Session, programme: Programme, **more: object) -> Claim:
    claim = claims.running(session, programme, second=CARLO, **more)
    replaced, _ = claims.invitations_of(session, claim)
    replaced.superseded_at = LATER
    session.flush()
    answers.deny(session, replaced, reason=Denial.OTHER, way=Way.PAGE, now=LATER, programme=programme)
    return claim


def passed(session: Session, programme: Programme, **more: object) -> Claim:
    claim = claims.running(session, programme, now=NOW - timedelta(days=20), **more)
    (invitation,) = claims.invitations_of(session, claim)
    assert rounds.close(session, invitation.round_id, now=LATER, programme=programme)
    return claim


def too_late_to_dispute(session: Session, programme: Programme, **more: object) -> Claim:
    return claims.rejected(session, programme, now=NOW - timedelta(days=60), **more)


SITUATIONS = (
    claims.editing,
    claims.submitted,
    claims.under_review,
    claims.partner_action_required,
    claims.approved,
    claims.running,
    claims.rejected,
    claims.denied,
    stopped,
    stopped_and_told,
    proposed,
    denied_by_replaced,
    passed,
    too_late_to_dispute,
)


def objects(session: Session, lines: Sequence[Line]) -> list[Claim]:
    return queries.claims_by_id(session, [line.claim.id for line in lines])


def exported(session: Session, actor: Actor, wanted: Wanted) -> list[Claim]:
    def read(_session: Session, part: Sequence[Claim]) -> list[Claim]:
        return list(part)

    return list(own.export(lambda: nullcontext(session), actor, wanted, now=LATER, most=1000, read=read))
