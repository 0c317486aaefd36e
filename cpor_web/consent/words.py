"""Consent in words: what rounds and answers are called, and what a consent record says, in a few lines."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from cpor_web.consent import stops
from cpor_web.models import AnswerKind, RoundState
from cpor_web.moments import exactly
from cpor_web.rules.reasons import Denial, Way
from cpor_web.rules.statuses import Status
from cpor_web.rules.words import N_

ROUNDS = {
    RoundState.WAITING: N_("The notices are not out yet. No clock runs."),
    RoundState.RUNNING: N_("The customer may deny."),
    RoundState.STOPPED: N_("The clock is stopped: a right customer contact is needed."),
    RoundState.PASSED: N_("The consent period passed without a denial."),
    RoundState.DENIED: N_("The customer denied."),
    RoundState.SILENT: N_("The customer's yes was needed, and none came."),
    RoundState.ENDED: N_("Ended from outside, without the customer."),
}

STOPS = {
    stops.NOT_DELIVERED: N_(
        "The clock is stopped: the notice could not be delivered. A right customer contact is needed."
    ),
    stops.WRONG_PERSON: N_(
        "The clock is stopped: the contact is not the right person. A right customer contact is needed."
    ),
    stops.STILL_MISSING: N_("The clock is stopped: a right customer contact is still missing."),
    stops.DENIED_BY_REPLACED: N_("The clock is stopped: a contact who was replaced denied. Look into it."),
    stops.REACHED: N_(
        "The clock is stopped: the notice was delivered after all. Say how the consent period goes on."
    ),
}
"""Why a round is stopped, by the reason on record; as a reviewer reads it."""

_STOPPED_FOR_A_REVIEWER = N_("The clock is stopped: a reviewer looks into it.")
_NOT_DELIVERED = N_("The clock is stopped: a notice could not be delivered. A right customer contact is needed.")
_WRONG_PERSON = N_("The clock is stopped: the contact is not the right person. A right customer contact is needed.")

ANSWERS = {
    AnswerKind.DENIED: N_("denied"),
    AnswerKind.NO_OBJECTION: N_("has no objection"),
    AnswerKind.NOT_THE_RIGHT_PERSON: N_("is not the right person"),
    AnswerKind.UNDONE: N_("restored the association"),
    AnswerKind.YES_PRESSED: N_("said yes; it counts once it is confirmed"),
    AnswerKind.YES_CONFIRMED: N_("confirmed the yes"),
}

_CONTACTS = {1: N_("First contact"), 2: N_("Second contact"), None: N_("Former contact")}


class Part(NamedTuple):
    """A part of what a record says: a heading, and lines, each with what it is about."""

    heading: str
    lines: list[tuple[str, str]]


def parts_of(record: dict[str, Any]) -> list[Part]:
    """Return what a consent record says, in the reader's language; English where there is no request.

    `record` is of this version, and its signature was verified. Raises KeyError, TypeError or ValueError for another.
    """
    zone = record["rules"]["time_zone"]
    rounds = [
        Part(_("Round %(number)s", number=each["number"]), list(_round(each, zone))) for each in record["rounds"]
    ]
    return [Part(_("The claim"), list(_claim(record, zone))), *rounds]


def _claim(record: dict[str, Any], zone: str) -> Iterator[tuple[str, str]]:
    claim, issuer = record["claim"], record["issuer"]
    yield _("Reference"), claim["reference"]
    yield _("Partner"), f"{claim['partner']} ({_('MPN ID')} {claim['mpn_id']})"
    tenant = _("Tenant ID: %(tenant_id)s", tenant_id=claim["tenant_id"])
    yield _("Customer"), f"{claim['customer']} ({tenant})"
    yield _("Products"), ", ".join(product["name"] for product in claim["products"])
    yield _("Status"), f"{_(Status(claim['status']).label)}, {_when(claim['status_since'], zone)}"
    yield _("Issued by"), f"{issuer['operator']}, {issuer['programme']}"
    yield _("Issued"), _when(record["issued_at"], zone)


def _round(round_: dict[str, Any], zone: str) -> Iterator[tuple[str, str]]:
    yield _("Result"), _(_result(round_))
    yield _("Opened"), _when(round_["opened_at"], zone)
    if round_["ends_at"]:
        yield _("Ends"), _when(round_["ends_at"], zone)
    if round_["closed_at"]:
        yield _("Closed"), _when(round_["closed_at"], zone)
    for contact in round_["contacts"]:
        named = _CONTACTS[contact["contact"]]
        who = _(named)
        for sentence in _contact(contact, zone):
            yield who, sentence


def _result(round_: dict[str, Any]) -> str:
    """Return what came of a round (a msgid); of one that is stopped why, as far as its contacts tell."""
    state = RoundState(round_["state"])
    if state is not RoundState.STOPPED:
        return ROUNDS[state]
    asked = [each for each in round_["contacts"] if not each["superseded_at"]]
    if any(each["bounced_at"] for each in asked):
        return _NOT_DELIVERED
    said = {answer["kind"] for each in asked for answer in each["answers"] if _counts(answer, each)}
    return _WRONG_PERSON if AnswerKind.NOT_THE_RIGHT_PERSON.value in said else _STOPPED_FOR_A_REVIEWER


def _counts(answer: dict[str, Any], contact: dict[str, Any]) -> bool:
    """Tell whether an answer was given since its contact was last asked."""
    again = contact.get("asked_again_at")
    return not again or datetime.fromisoformat(answer["at"]) > datetime.fromisoformat(again)


def _contact(contact: dict[str, Any], zone: str) -> Iterator[str]:
    if contact["taken_at"]:
        yield _("The mail server took the notice: %(at)s.", at=_when(contact["taken_at"], zone))
    else:
        yield _("The notice is not out yet.")
    if contact["bounced_at"]:
        yield _("The notice came back: %(at)s.", at=_when(contact["bounced_at"], zone))
    if contact["superseded_at"]:
        yield _("Replaced by another contact: %(at)s.", at=_when(contact["superseded_at"], zone))
    if again := contact.get("asked_again_at"):
        yield _("Asked once more, after an answer that counts no longer: %(at)s.", at=_when(again, zone))
    count = contact["openings"]["count"]
    yield ngettext("The links were requested %(num)d time.", "The links were requested %(num)d times.", count)
    for answer in contact["answers"]:
        yield _answer(answer, zone)


def _answer(answer: dict[str, Any], zone: str) -> str:
    said = [_(ANSWERS[AnswerKind(answer["kind"])]), _(Way(answer["way"]).label), _when(answer["at"], zone)]
    if answer["reason"]:
        said.insert(1, _(Denial(answer["reason"]).label))
    if answer["late"]:
        said.append(_("after the consent period"))
    return ", ".join(said)


def _when(iso: str, zone: str) -> str:
    return exactly(datetime.fromisoformat(iso), str(get_locale() or "en"), zone)
