"""What else there is to know of an event, a line each: old and new values, reasons, words."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from flask_babel import get_locale, get_timezone
from flask_babel import gettext as _

from cpor_web.catalogue import Catalogue
from cpor_web.consent.stops import FOR_A_REVIEWER
from cpor_web.emails.names import NAMES
from cpor_web.emails.outcomes import codes_of
from cpor_web.history_words.sentences import told
from cpor_web.models import ERASED, Event
from cpor_web.moments import exactly
from cpor_web.rules.fields import LABELS
from cpor_web.rules.languages import LANGUAGES
from cpor_web.rules.reasons import Denial, Reason, Rejection, Request, Way, Withdrawal
from cpor_web.rules.words import N_

_KEPT_BACK = dict.fromkeys(FOR_A_REVIEWER, N_("a reviewer looks into it"))
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
