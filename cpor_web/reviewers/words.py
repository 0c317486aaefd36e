"""Words of the reviewers' pages: what is the matter with an address, what came of it."""

from collections.abc import Iterable

from flask_babel import gettext as _

from cpor_web import history_words
from cpor_web.assessment import words as assessment_words
from cpor_web.consent import going_on, stops
from cpor_web.consent.words import ANSWERS, ROUNDS, STOPS
from cpor_web.emails import words as mail_words
from cpor_web.models import Claim, Event, Round, RoundState
from cpor_web.reviewers.blueprint import bp
from cpor_web.rules import contacts
from cpor_web.rules.words import N_
from cpor_web.web.current import programme_as_set_up

CONCERNS = {
    contacts.PARTNERS_OWN: N_("The address is within one of the partner's own domains."),
    contacts.ELSEWHERE: N_("The address is not within the customer's domain."),
    contacts.FREE: N_("It is a free-mail address."),
    contacts.SHARED: N_("It looks like an address that several people read."),
}
"""What is the matter with a contact's address, as a reviewer reads it."""

READINGS = {True: N_("It denies the association"), False: N_("It does not deny the association")}
"""What a reviewer read in a reply: whether it denies."""


def round_state(round_: Round, why_stopped: str | None) -> str:
    """Return what a round is up to (a msgid); one that is stopped says why."""
    if round_.state is RoundState.STOPPED:
        return STOPS.get(why_stopped or "", ROUNDS[RoundState.STOPPED])
    return ROUNDS[round_.state]


def product_names(keys: Iterable[str]) -> str:
    """Return the names of products, in one line."""
    return ", ".join(map(programme_as_set_up().catalogue.product_name, keys))


def rejected_for(claim: Claim) -> str:
    """Return why a claim was rejected."""
    assert claim.rejection is not None
    reasons = [claim.rejection.label, *([claim.rejection_detail.label] if claim.rejection_detail else ())]
    return " – ".join(map(_, reasons))


def details(event: Event) -> list[str]:
    """Return what else there is to know of `event`, also the words of a reply: partners read them with a denial."""
    catalogue, words = programme_as_set_up().catalogue, event.data.get("evidence")
    lines = history_words.details(event, catalogue, for_reviewer=True)
    if event.kind == "reply:read" and "denies" in event.data:
        lines.append(f"{_('What the reply says')}: {_(READINGS[event.data['denies']])}")
    return [*lines, f"{_('The words of the reply')}: {words}"] if words else lines


@bp.context_processor
def _for_templates() -> dict[str, object]:
    return {
        "answer_words": ANSWERS,
        "assessment_words": assessment_words.STATES,
        "event_actor": history_words.actor,
        "event_details": details,
        "mail_is_shown": mail_words.is_shown,
        "mail_name": mail_words.name,
        "mail_state": mail_words.state,
        "product_names": product_names,
        "rejected_for": rejected_for,
        "round_state": round_state,
        "told": history_words.told,
        "why_astray": stops.why_astray,
        "why_not_on": going_on.why_not,
    }
