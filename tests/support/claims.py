"""Claims in every status, brought there by the verbs that bring them there in earnest. Nothing here commits."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from cpor_web.claims import operations, posting
from cpor_web.claims.drafts import ContactDraft, Draft
from cpor_web.consent import answers
from cpor_web.emails.outcomes import Accepted
from cpor_web.facts import latest_round
from cpor_web.models import Claim, Document, Invitation, Mail, MpnKind, User
from cpor_web.programme import Programme
from cpor_web.rules.reasons import Denial, Rejection, Request, Way
from cpor_web.rules.roles import Actor, Role
from tests.support import factories

NOW = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
"""A Monday at ten in Berlin, without a holiday in the two weeks around it."""


def draft_of(filer: User, **fields: Any) -> Draft:
    """Return a complete claim of the filer's partner as the form says it."""
    assert filer.partner is not None
    (location,) = (each.number for each in filer.partner.mpn_ids if each.kind is MpnKind.LOCATION)
    complete = Draft(
        name="Teams at Contoso",
        mpn_id=location,
        customer_name="Contoso",
        customer_domain="contoso.example.com",
        tenant_id=f"0f8fad5b-d9cb-469f-a165-{filer.partner.id:012x}",  # nobody else's: claims would compete
        area="microsoft-365",
        activity="usage",
        products=("teams", "intune"),
        contact=ContactDraft(name="Carla Conti", title="Head of IT", email="carla@contoso.example.com"),
        partner_contact_name=filer.name,
        partner_contact_email=filer.email,
    )
    return replace(complete, **fields)


def editing(
    session: Session, programme: Programme, *, filer: User | None = None, now: datetime = NOW, **fields: Any
) -> Claim:
    """A complete draft with one proof."""
    filer = filer or factories.user(session)
    claim = operations.create(session, draft_of(filer, **fields), actor=filer.actor, now=now, programme=programme)
    proof = Document(sha256="0" * 64, filename="signed order.pdf", media_type="application/pdf", size=1024)
    operations.upload(session, claim, proof, actor=filer.actor, now=now, programme=programme)
    return claim


def submitted(session: Session, programme: Programme, *, now: datetime = NOW, **more: Any) -> Claim:
    """A claim that waits for a reviewer."""
    claim = editing(session, programme, now=now, **more)
    operations.submit(session, claim, actor=claim.filed_by.actor, now=now, programme=programme)
    return claim


def under_review(
    session: Session, programme: Programme, *, reviewer: User | None = None, now: datetime = NOW, **more: Any
) -> Claim:
    """A claim that `reviewer` (or a new one) holds."""
    claim = submitted(session, programme, now=now, **more)
    reviewer = reviewer or factories.user(session, Role.REVIEWER)
    operations.start_review(session, claim, actor=reviewer.actor, now=now, programme=programme)
    session.flush()
    session.refresh(claim)
    return claim


def partner_action_required(
    session: Session, programme: Programme, *, is_told: bool = True, now: datetime = NOW, **more: Any
) -> Claim:
    """A claim that the reviewer sent back; the partner's clock runs unless the mail is not out (`is_told`)."""
    claim = under_review(session, programme, now=now, **more)
    asks = {Request.DATES: "The order has no date."}
    operations.request_information(
        session, claim, asks, "Please add the date.", actor=_holder(claim), now=now, programme=programme
    )
    if is_told:
        operations.request_taken(
            session, mail_of(session, claim, "information-requested"), now=now, programme=programme
        )
    return claim


def approved(session: Session, programme: Programme, *, now: datetime = NOW, **more: Any) -> Claim:
    """A claim whose notice is queued: the customer's days have not begun."""
    claim = under_review(session, programme, now=now, **more)
    operations.approve(session, claim, actor=_holder(claim), now=now, programme=programme)
    return claim


def running(session: Session, programme: Programme, *, now: datetime = NOW, **more: Any) -> Claim:
    """An approved claim whose notices the mail server took at `now`."""
    claim = approved(session, programme, now=now, **more)
    for invitation in invitations_of(session, claim):
        take_notice(session, programme, invitation, now=now)
    return claim


def rejected(session: Session, programme: Programme, *, now: datetime = NOW, **more: Any) -> Claim:
    """A claim that the reviewer rejected."""
    claim = under_review(session, programme, now=now, **more)
    operations.reject(
        session,
        claim,
        Rejection.INSUFFICIENT_PROOF,
        "The order names another customer.",
        actor=_holder(claim),
        now=now,
        programme=programme,
    )
    return claim


def denied(session: Session, programme: Programme, *, now: datetime = NOW, **more: Any) -> Claim:
    """A claim that the customer denied on the page, within the days."""
    claim = running(session, programme, now=now, **more)
    (invitation, *_) = invitations_of(session, claim)
    answers.deny(session, invitation, reason=Denial.NOT_OUR_PARTNER, way=Way.PAGE, now=now, programme=programme)
    return claim


def dispute(session: Session, programme: Programme, claim: Claim, *, now: datetime = NOW) -> Actor:
    """Let the filer dispute a rejection, and another reviewer take the claim; return who."""
    reviewer = factories.user(session, Role.REVIEWER).actor
    operations.dispute(session, claim, "Carla left.", actor=claim.filed_by.actor, now=now, programme=programme)
    operations.take_over(session, claim, actor=reviewer, now=now, programme=programme)
    return reviewer


def dispute_and_send_back(session: Session, programme: Programme, claim: Claim, *, now: datetime = NOW) -> Actor:
    """Let the filer dispute a rejection, and another reviewer ask for more; return who."""
    reviewer = dispute(session, programme, claim, now=now)
    asks = {Request.DATES: "The date is missing."}
    operations.request_information(session, claim, asks, "", actor=reviewer, now=now, programme=programme)
    return reviewer


def take_notice(session: Session, programme: Programme, invitation: Invitation, *, now: datetime = NOW) -> Mail:
    """Let the mail server take an invitation's queued notice at `now`, as the mail job does."""
    mail = session.scalars(
        select(Mail).where(Mail.invitation_id == invitation.id, Mail.due_at.is_not(None)).order_by(Mail.id)
    ).first()
    assert mail is not None, "no notice is queued"
    posting.begin(session, mail.id, now=now, programme=programme)
    posting.settle(session, mail.id, Accepted("250 2.0.0 queued"), now=now, programme=programme)
    return mail


def invitations_of(session: Session, claim: Claim) -> list[Invitation]:
    """Return the invitations of the claim's newest round."""
    session.flush()
    round_ = latest_round(session, claim)
    assert round_ is not None
    session.refresh(round_)
    return list(round_.invitations)


def mail_of(session: Session, claim: Claim, kind: str) -> Mail:
    """Return the newest mail of that kind about a claim."""
    mail = session.scalars(
        select(Mail).where(Mail.claim_id == claim.id, Mail.kind == kind).order_by(Mail.id.desc())
    ).first()
    assert mail is not None, f"there is no {kind}"
    return mail


def _holder(claim: Claim) -> Actor:
    assert claim.reviewer is not None
    return claim.reviewer.actor


def many_of_it(session: Session, number: int) -> None:
    """Commit so many more claims like the only one there is, as rows for lists: they have no history."""
    alike = (
        "created_at, filed_by_id, partner_id, name, mpn_id_id, customer_name, customer_domain, tenant_id, area,"
        " activity, partner_contact_name, partner_contact_email, status, status_since, first_submitted_at, due_at,"
        " due_rule"
    )
    made = f"INSERT INTO claims (reference, {alike}) SELECT 'COPY-' || n, {alike} FROM claims"
    session.execute(text(f"{made}, generate_series(1, :number) n"), {"number": number})
    session.commit()
