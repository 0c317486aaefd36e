"""What happened, in words: one sentence for each kind of event, for partners and reviewers alike.

To add a kind is to add a line here. A kind without one is shown by its own name, never left out.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from flask_babel import get_locale, get_timezone
from flask_babel import gettext as _

from cpor_web.catalogue import Catalogue
from cpor_web.consent.stops import DENIED_BY_REPLACED
from cpor_web.emails.names import NAMES
from cpor_web.emails.outcomes import codes_of
from cpor_web.models import ERASED, Event
from cpor_web.moments import exactly
from cpor_web.rules.fields import LABELS
from cpor_web.rules.languages import LANGUAGES
from cpor_web.rules.reasons import Denial, Reason, Rejection, Request, Way, Withdrawal
from cpor_web.rules.words import N_

SENTENCES = {
    "claim:created": N_("The claim was created."),
    "claim:edited": N_("The claim was edited."),
    "claim:warned": N_("The partner was warned, and went on."),
    "claim:submitted": N_("The claim was submitted for approval."),
    "claim:deleted": N_("The draft was deleted."),
    "claim:review-started": N_("The review started."),
    "claim:information-requested": N_("The reviewer asked for more."),
    "claim:resubmitted": N_("The claim was resubmitted."),
    "claim:approved": N_("The claim was approved."),
    "claim:rejected": N_("The claim was rejected."),
    "claim:taken-over": N_("A reviewer took the claim over."),
    "claim:assigned": N_("The claim was given to another reviewer."),
    "claim:competes": N_("It competes with other partners' claims."),
    "claim:preferred": N_(
        "The claim was approved over another partner's association, which ends with the consent period."
    ),
    "claim:contested": N_(
        "Another partner's claim was approved over this one. This association ends once that claim's consent period"
        " has passed without a denial."
    ),
    "claim:replaced": N_("The association ended: another partner's claim took its place."),
    "claim:contact-confirmed": N_("The customer contact %(contact)s was confirmed."),
    "claim:withdrawn": N_("The partner requested the rejection; the claim was rejected."),
    "claim:lapsed": N_("The partner's deadline passed; the claim was rejected."),
    "claim:disputed": N_("The rejection was disputed."),
    "contact:proposed": N_("Another customer contact was proposed: %(contact)s instead of %(instead_of)s."),
    "contact:corrected": N_("The proposed contact was confirmed: %(contact)s instead of %(instead_of)s is asked."),
    "comment:added": N_("A comment was added."),
    "note:added": N_("An internal note was added."),
    "document:uploaded": N_("The document %(filename)s was uploaded."),
    "document:infected": N_("A virus was found in the document %(filename)s. Nobody can download it."),
    "proof:located": N_("The partner said where the proof is."),
    "proof:judged": N_("The reviewer checked the proof."),
    "consent:opened": N_("The customer is asked: a consent period was opened."),
    "consent:started": N_("The notices are out; the consent period started."),
    "consent:extended": N_("The notice was sent again, so the consent period ends later."),
    "consent:stopped": N_("The consent period was stopped: a right contact is needed."),
    "consent:resumed": N_("The consent period goes on, with its full length from now."),
    "consent:denied": N_("The customer denied the association."),
    "consent:denied-by-superseded": N_("A contact who was replaced denied; a reviewer looks at it."),
    "consent:undone": N_("The customer restored the association."),
    "consent:no-objection": N_("The customer has no objection."),
    "consent:wrong-person": N_("The contact is not the right person."),
    "consent:yes-pressed": N_("The customer said yes; it counts once it is confirmed."),
    "consent:yes-confirmed": N_("The customer confirmed the yes."),
    "consent:passed": N_("The consent period passed without a denial."),
    "consent:declined-by-silence": N_(
        "The consent period passed without the customer's yes; the claim was rejected."
    ),
    "reply:noted": N_("The customer replied; a reviewer reads it before the consent period is closed."),
    "reply:read": N_("A reviewer has read the customer's reply."),
    "assessment:queued": N_("The association was sent to be assessed for incentives."),
    "assessment:assessed": N_("The association was assessed for incentives."),
    "assessment:handed-over-again": N_("Message %(sequence)s to the assessor was sent again."),
    "assessment:flagged": N_("The association ended; its assessment was flagged."),
    "assessment:restored": N_("The association was restored; the flag on its assessment was lifted."),
    "mail:queued": N_("A mail was queued."),
    "mail:sent": N_("A mail was sent."),
    "mail:refused": N_("A mail could not be delivered."),
    "mail:bounced": N_("A mail came back."),
    "mail:delayed": N_("A mail is delayed; nothing follows from it yet."),
    "mail:sent-again": N_("A mail was sent again."),
    "mail:unknown": N_("It is not known whether a mail was delivered: the server's answer was lost twice."),
    "mail:dealt-with": N_("A mail that failed was dealt with."),
    "history:erased": N_("Personal values in this history were erased."),
}
"""By kind of event; %(…)s places are filled from the event's data."""

KINDS = {
    "claim": N_("Claim"),
    "document": N_("Documents"),
    "proof": N_("Check of the proof"),
    "comment": N_("Comments"),
    "contact": N_("Contacts"),
    "consent": N_("Consent"),
    "reply": N_("Replies"),
    "assessment": N_("Assessment"),
    "mail": N_("Mails"),
    "history": N_("Erasures"),
}
"""What a history can be filtered by: the part of a kind before the colon."""

_DENIED_LATE = N_("The customer denied the association after the consent period.")
_STARTED_BY_ANOTHER = N_("The review started: another reviewer took the claim.")
_STOPPED_FOR_A_REVIEWER = N_("The consent period was stopped: a reviewer looks into it.")
_KEPT_BACK = {DENIED_BY_REPLACED: N_("a reviewer looks into it")}
"""What only reviewers read, and what the partner reads instead."""

_CHOSEN: Mapping[str, type[StrEnum]] = {"way": Way, "detail": Withdrawal}
_WORDS = {
    "comment": N_("Comment"),
    "rationale": N_("The reviewer's rationale"),
    "words": N_("Words"),
    "justification": N_("Business justification"),
}
_FACTS = {
    "reason": N_("Reason"),
    "detail": N_("Reason"),
    "way": N_("By which way"),
    "replaces": N_("Replaces"),
    "sha256": N_("SHA-256"),
    "found": N_("Found"),
    "ends_at": N_("Ends"),
    "why": N_("Why"),
    "mail": N_("Mail"),
    "to": N_("To"),
    "with": N_("Competes with"),
    "state": N_("Result"),
    "answer": N_("Answer of the mail server"),
    "from": N_("From"),
}
_VERDICTS = {"found": N_("Found"), "missing": N_("Missing"), "": N_("Not decided")}
_CUSTOMERS_REASON = N_("The customer's reason")


class _Erased(dict[str, str]):
    """Fills every place of a sentence."""

    def __missing__(self, name: str) -> str:
        return str(_(ERASED))


def told(event: Event) -> str:
    """Return the sentence that tells of `event`, in the reader's language."""
    sentence = _special(event) or SENTENCES.get(event.kind)
    if sentence is None:
        return event.kind
    try:
        return str(_(sentence) % (_Erased() if event.is_erased else event.data))
    except (KeyError, ValueError, TypeError):  # an event of an older version lacks a value
        return str(_(sentence))


def _special(event: Event) -> str | None:
    """Return the sentence of an event that is no everyday one of its kind."""
    if event.kind == "consent:stopped" and event.data.get("why") in _KEPT_BACK:
        return _STOPPED_FOR_A_REVIEWER
    if event.kind == "consent:denied" and event.data.get("late"):
        return _DENIED_LATE
    if event.kind == "claim:review-started" and event.data.get("from"):
        return _STARTED_BY_ANOTHER
    return None


def actor(event: Event) -> str:
    """Return by whom it was done: the name, and the role in the reader's language."""
    role = _(event.role.label)
    if event.is_erased:
        return f"{_(ERASED)} ({role})"
    return role if _(event.actor) == role else f"{event.actor} ({role})"


def details(event: Event, catalogue: Catalogue, *, for_reviewer: bool = False) -> list[str]:
    """Return what else there is to know of `event`, a line each: old and new values, reasons, words."""
    if event.is_erased:
        return [_(ERASED)]
    changes, asks = _changes(event.data, catalogue), _asks(event.data, catalogue)
    cells = _cells(event.data, catalogue)
    return [*changes, *asks, *cells, *warned(event), *_facts(event, for_reviewer), *_said(event.data)]


def value(name: str, stored: str, catalogue: Catalogue) -> str:
    """Return a field's value as people read it, with names instead of keys; `stored` is as the history has it."""
    match name:
        case "area":
            stored = catalogue.area_name(stored)
        case "activity":
            stored = catalogue.activity_name(stored)
        case "products":
            stored = ", ".join(catalogue.product_name(key) for key in stored.split(", "))
        case "contact_language" | "second_language":
            stored = LANGUAGES.get(stored, stored)
    return stored or _("(empty)")


def record(event: Event, catalogue: Catalogue) -> dict[str, Any]:
    """Return what there is to know of `event` for other programs: by stable names, and in words beside."""
    changes = {name: {"old": old, "new": new} for name, (old, new) in event.data.get("changes", {}).items()}
    return {
        "at": event.at.isoformat(),
        "kind": event.kind,
        "by": event.actor,
        "role": event.role.value,
        "what": told(event),
        "more": details(event, catalogue),
        "changes": changes,
    }


def _changes(data: Mapping[str, Any], catalogue: Catalogue) -> Iterator[str]:
    for name, (old, new) in data.get("changes", {}).items():
        words = {"old": value(name, old, catalogue), "new": value(name, new, catalogue)}
        yield _("%(field)s: %(old)s → %(new)s", field=_(LABELS.get(name, name)), **words)


def warned(event: Event) -> Iterator[str]:
    """Yield what a partner was warned of, a line each with its field."""
    for each in event.data.get("warnings", ()):
        yield f"{_(LABELS.get(each['field'], each['field']))}: {_(each['sentence'], **each['values'])}"


def _asks(data: Mapping[str, Any], catalogue: Catalogue) -> Iterator[str]:
    for reason, missing in data.get("asks", {}).items():
        label = _label(Request, reason)
        if products := data.get("products", {}).get(reason):
            label = f"{label} ({', '.join(catalogue.product_name(key) for key in products)})"
        yield f"{label}: {missing}" if missing else label


def _cells(data: Mapping[str, Any], catalogue: Catalogue) -> Iterator[str]:
    for reason, product, document, page in data.get("places", ()):
        where = ", ".join(filter(None, (document, page))) or _("(empty)")
        yield f"{_label(Request, reason)} ({catalogue.product_name(product)}): {where}"
    for reason, product, verdict, missing in data.get("verdicts", ()):
        found = " – ".join(filter(None, (_(_VERDICTS.get(verdict, verdict)), missing)))
        yield f"{_label(Request, reason)} ({catalogue.product_name(product)}): {found}"


def _facts(event: Event, for_reviewer: bool) -> Iterator[str]:
    for name, label in _FACTS.items():
        if found := event.data.get(name):
            text = str(found) if for_reviewer else _for_partner(name, str(found))
            called = _CUSTOMERS_REASON if name == "reason" and _is_customers(event) else label
            if text:
                yield f"{_(called)}: {_value(event, name, text)}"
    for reason in event.data.get("reasons", ()):
        yield _(reason)


def _for_partner(name: str, text: str) -> str:
    """Return what the partner reads of a fact. Of a server's words only the codes: anybody can write a report."""
    return codes_of(text) if name == "answer" else _KEPT_BACK.get(text, text)


def _said(data: Mapping[str, Any]) -> Iterator[str]:
    for name, label in _WORDS.items():
        if words := data.get(name):
            yield f"{_(label)}: {words}"


def _value(event: Event, name: str, text: str) -> str:
    if name == "reason":
        return _label(Denial if _is_customers(event) else Rejection, text)
    if name in _CHOSEN:
        return _label(_CHOSEN[name], text)
    if name == "mail":
        return str(_(NAMES.get(text, text)))
    if name == "ends_at":
        return exactly(datetime.fromisoformat(text), str(get_locale() or "en"), str(get_timezone()))
    return _(text) if name in {"why", "state"} else text


def _is_customers(event: Event) -> bool:
    return event.kind.startswith("consent:")


def _label(kind: type[StrEnum], value: str) -> str:
    try:
        member = kind(value)
    except ValueError:
        return value
    return _(member.label) if isinstance(member, Reason) else value
