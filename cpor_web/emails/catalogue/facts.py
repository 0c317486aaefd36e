"""The facts that mails are written from, as they are stored: texts, lists of texts, and moments in ISO 8601."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from cpor_web.models import Answer, Claim, Comment, CustomerContact, Round, RoundState
from cpor_web.programme import Programme
from cpor_web.rules.roles import CLAIMANTS

Context = dict[str, Any]


def house(programme: Programme) -> Context:
    """Return whose mail this is."""
    return {"operator": programme.operator, "programme": programme.name, "guide_url": programme.guide_url}


def about(claim: Claim, programme: Programme) -> Context:
    """Return which claim a mail is about, as it stands at this moment."""
    return {
        **house(programme),
        "reference": claim.reference,
        "claim_name": claim.name,
        "partner": claim.partner.name,
        "mpn_id": claim.mpn_id.number if claim.mpn_id else "",
        "customer": claim.customer_name,
        "tenant_id": str(claim.tenant_id or ""),
        "area": programme.catalogue.area_name(claim.area),
        "activity": programme.catalogue.activity_name(claim.activity),
        "products": [programme.catalogue.product_name(key) for key in claim.product_keys],
        "due_at": iso(claim.due_at),
    }


def for_customer(claim: Claim, language: str, programme: Programme) -> Context:
    """Return what a customer reads of a claim's activity: in their language, and in the English below it."""
    said = programme.catalogue.for_customers(claim.area, claim.activity)
    return {"did": {each: said[each] for each in (language, "en") if each in said}}


def answer(answer: Answer) -> Context:
    """Return what a contact answered, and by which way."""
    return {
        "reason": answer.reason.label if answer.reason else "",
        "words": answer.words,
        "way": answer.way.label,
        "at": iso(answer.at),
        "is_late": answer.is_late,
    }


def consent(round_: Round) -> Context:
    """Return how a consent period stands; there is an end only where the time runs, for all who are asked."""
    return {
        "end": iso(round_.ends_at) if round_.state is RoundState.RUNNING else None,
        "is_stopped": round_.state is RoundState.STOPPED,
        "needs_yes": round_.needs_yes and round_.yes_at is None,
    }


def astray(astray: Sequence[tuple[CustomerContact, str]]) -> list[dict[str, str]]:
    """Return instead of whom a contact is looked for, and why."""
    return [{"name": contact.name, "why": why} for contact, why in astray]


def comment(comment: Comment) -> Context:
    """Return a comment, to be quoted."""
    return {"comment": comment.body, "author": comment.user.name, "by_partner": comment.user.role in CLAIMANTS}


def iso(at: datetime | None) -> str | None:
    """Return a moment as mails keep it, to be written in their reader’s words and zone."""
    return at.isoformat() if at else None
