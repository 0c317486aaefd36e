"""A right contact while the customer is asked: the partner proposes one, a reviewer confirms it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from cpor_web import facts, history, lifecycle
from cpor_web.claims import replies
from cpor_web.claims.drafts import ContactDraft, Draft
from cpor_web.claims.input import needed_text
from cpor_web.claims.problems import problems
from cpor_web.consent import answers, going_on, locking, stops
from cpor_web.emails.catalogue import to_partner
from cpor_web.models import Claim, CustomerContact, Invitation, Round, RoundState
from cpor_web.programme import Programme
from cpor_web.rules.exc import Invalid, NotAllowed
from cpor_web.rules.reasons import Denial, Way
from cpor_web.rules.roles import CLAIMANTS, REVIEWERS, Actor, require
from cpor_web.rules.statuses import Status
from cpor_web.rules.words import N_

NOT_STOPPED = N_("A contact is corrected only while the consent period stands still for it.")
NOT_PROPOSED = N_("The partner has not proposed a contact yet.")
IS_FINE = N_("%(name)s could be reached, and is not the wrong person. The contact to be replaced is: %(astray)s.")


def replaceable(claim: Claim, round_: Round) -> list[CustomerContact]:
    """Return the contacts instead of whom another can be proposed: those astray; where nobody is, any."""
    astray = [each.contact for each in round_.astray]
    return astray or claim.contacts


def propose_contact(
    session: Session,
    claim: Claim,
    typed: ContactDraft,
    *,
    instead_of: int,
    actor: Actor,
    now: datetime,
    programme: Programme,
    seen: int | None = None,
) -> CustomerContact:
    """Propose another contact instead of one who is astray; a newer proposal takes the place of an older one.

    The partner's time stands still from then on: a reviewer acts next.
    """
    require(actor, CLAIMANTS)
    lifecycle.hold(session, claim, seen=seen)
    round_ = _stopped(session, claim)
    old = next((contact for contact in claim.contacts if contact.id == instead_of), None)
    wrong = [*_wrong_with_choice(old, replaceable(claim, round_)), *_wrong_with_contact(claim, typed, programme)]
    if wrong or old is None:  # who is nobody's contact is wrong already
        first, *others = wrong
        first.others = tuple(others)
        raise first
    typed = typed.normalised()
    claim.drop_proposal()
    new = CustomerContact(
        position=None,
        replaces_id=old.id,
        name=typed.name,
        title=typed.title,
        email=typed.email,
        language=typed.language,
        reason=typed.reason,
        needs_confirmation=True,
    )
    claim.all_contacts.append(new)
    round_.contact_due_at = round_.contact_rule = None
    claim.version += 1
    # With the address: whoever is turned down, or gives way to a newer proposal, is found by it here alone.
    data = {"instead_of": old.name, "contact": new.name, "email": new.email}
    history.append(session, claim, "contact:proposed", actor=actor, now=now, data=data)
    return new


def correct_contact(
    session: Session, claim: Claim, *, actor: Actor, now: datetime, programme: Programme, seen: int | None = None
) -> None:
    """Confirm the partner's proposal, as a reviewer: a new notice goes out, with a full new window."""
    require(actor, REVIEWERS)
    lifecycle.hold(session, claim, seen=seen)
    round_ = _stopped(session, claim)
    new = claim.proposed_contact
    old = session.get(CustomerContact, new.replaces_id) if new is not None else None
    if new is None or old is None:
        raise NotAllowed(NOT_PROPOSED)
    new.confirmed_by_id = actor.user_id
    going_on.replace_contact(session, claim, round_, old, new, now=now, programme=programme)
    claim.version += 1
    data = {"instead_of": old.name, "contact": new.name}
    history.append(session, claim, "contact:corrected", actor=actor, now=now, data=data)


def turn_down(
    session: Session,
    claim: Claim,
    why: str,
    *,
    actor: Actor,
    now: datetime,
    programme: Programme,
    seen: int | None = None,
) -> None:
    """Turn the partner's proposal down, as a reviewer: the partner is asked for another one, and reads `why`.

    It has its whole time again for that, from the moment that it is told. Where nobody has to be replaced it is
    asked for nothing: the period goes on instead.
    """
    require(actor, REVIEWERS)
    why = needed_text(why, "why", N_("Say why this contact will not do."))
    lifecycle.hold(session, claim, seen=seen)
    round_ = _stopped(session, claim)
    proposed = claim.proposed_contact
    if proposed is None:
        raise NotAllowed(NOT_PROPOSED)
    if not stops.is_astray(session, round_.asked):
        raise NotAllowed(N_("Nobody has to be replaced: let the period go on instead."))
    name, email = proposed.name, proposed.email
    claim.drop_proposal()
    claim.version += 1
    data = {"contact": name, "email": email, "why": why}  # with the address, too: the proposal may be erased first
    history.append(session, claim, stops.TURNED_DOWN, actor=actor, now=now, data=data)
    stops.ask_instead_of_proposed(session, claim, round_, name, now=now, programme=programme, why=why)


def let_go_on(
    session: Session,
    claim: Claim,
    why: str,
    *,
    actor: Actor,
    now: datetime,
    programme: Programme,
    seen: int | None = None,
) -> None:
    """Let a stopped consent period go on, as a reviewer, with a full window; `why` goes on record.

    Whoever said not to be the right person is asked once more first. Whom the partner proposed in place of a contact
    is not asked; the partner is told.
    """
    require(actor, REVIEWERS)
    why = needed_text(why, "why", N_("Say why the consent period goes on."))
    lifecycle.hold(session, claim, seen=seen)
    round_ = _stopped(session, claim)
    asked = going_on.go_on(session, round_, actor=actor, now=now, programme=programme)
    again = [each.contact.name for each in asked]
    claim.drop_proposal()
    claim.version += 1
    data = {"round": round_.number, "why": why, **({"asked_again": ", ".join(again)} if again else {})}
    history.append(session, claim, "consent:resumed", actor=actor, now=now, data=data)
    to_partner.consent_period_goes_on(session, claim, round_, again, now=now, programme=programme)


def note_reply(session: Session, claim: Claim, *, actor: Actor, now: datetime) -> None:
    """Hold the closing, as a reviewer, because a person at the customer has replied and it is to be read first."""
    require(actor, REVIEWERS)
    lifecycle.hold(session, claim)
    round_ = _open(session, claim)
    round_.reply_at = round_.reply_at or now
    history.append(session, claim, "reply:noted", actor=actor, now=now, data={"round": round_.number})


def settle_reply(
    session: Session,
    claim: Claim,
    evidence: str,
    *,
    denies: bool,
    whose: int | None = None,
    up_to: int | None = None,
    actor: Actor,
    now: datetime,
    programme: Programme,
) -> None:
    """Note that a reply was read, as a reviewer: it denies, with its words as evidence, or it does not.

    `whose` is the id of the contact who replied; with one contact it may be left out. Only that contact can undo.
    `up_to` is the id of the last reply that the reviewer's page showed: one that came since holds the closing still.
    Raises NotAllowed where another reviewer has read what this one is about.
    """
    require(actor, REVIEWERS)
    evidence = needed_text(evidence, "evidence", N_("Quote the reply: it goes on record."))
    lifecycle.hold(session, claim)
    round_ = _open(session, claim)
    if round_.reply_at is None or (up_to and up_to <= replies.read_up_to(session, claim, round_)):
        raise NotAllowed(N_("The reply was read already: see the history."))
    came = [received.id for received in replies.unread(session, claim, round_)]
    up_to = max(came, default=0) if up_to is None else up_to
    if all(id_ <= up_to for id_ in came):
        round_.reply_at = None
    data = {"round": round_.number, "denies": denies, "evidence": evidence, "up_to": up_to}
    history.append(session, claim, "reply:read", actor=actor, now=now, data=data)
    if denies:
        asked = _asked(round_, whose)
        answers.deny(session, asked, reason=Denial.OTHER, words=evidence, way=Way.REPLY, now=now, programme=programme)


def _asked(round_: Round, contact_id: int | None) -> Invitation:
    theirs = [each for each in round_.asked if contact_id in {None, each.contact_id}]
    if len(theirs) != 1:
        raise Invalid(N_("Choose who has replied."), field_name="whose")
    return theirs[0]


def _stopped(session: Session, claim: Claim) -> Round:
    round_ = _open(session, claim)
    if round_.state is not RoundState.STOPPED:
        raise NotAllowed(NOT_STOPPED)
    return round_


def _open(session: Session, claim: Claim) -> Round:
    round_ = facts.latest_round(session, claim)
    if claim.status is not Status.APPROVED or round_ is None:
        raise NotAllowed(N_("The customer is not being asked at the moment."))
    locking.hold(session, round_)
    if not round_.is_open:
        raise NotAllowed(N_("The customer is not being asked at the moment."))
    return round_


def _wrong_with_choice(old: CustomerContact | None, wanted: Sequence[CustomerContact]) -> Iterator[Invalid]:
    if old is None:
        yield Invalid(N_("Choose the contact that is to be replaced."), field_name="instead_of")
    elif old not in wanted:
        names = ", ".join(each.name for each in wanted)
        yield Invalid(IS_FINE, {"name": old.name, "astray": names}, field_name="instead_of")


def _wrong_with_contact(claim: Claim, typed: ContactDraft, programme: Programme) -> Iterable[Invalid]:
    """Return what is wrong with a proposed contact, once for each field: it must be there, and be another one."""
    draft = replace(Draft.from_claim(claim), contact=typed, second=ContactDraft())
    found = problems(draft, partner=claim.partner, programme=programme)
    wrong = {name: problem for name, problem in found.items() if name.startswith("contact_")}
    for name in ("contact_name", "contact_email"):
        if not draft.as_fields()[name]:
            wrong[name] = Invalid(N_("Fill this in."), field_name=name)
    address = typed.normalised().email.lower()
    if any(contact.email.lower() == address for contact in claim.contacts):
        wrong["contact_email"] = Invalid(
            N_("This person is a contact of this claim already."), field_name="contact_email"
        )
    return wrong.values()
