"""What every page gets: the places to go by role, attributes that tie a field's words to it, deadlines explained."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, request, url_for
from flask_security import current_user
from wtforms import Field, SelectField

from cpor_web.explained import how_computed
from cpor_web.headers import CUSTOMER_PAGES
from cpor_web.rules.roles import PARTNER_ROLES, REVIEWERS, Role
from cpor_web.rules.words import N_

PLACES = (
    ("partners.dashboard", N_("Customer associations"), PARTNER_ROLES),
    ("partners.earnings", N_("Earnings"), PARTNER_ROLES),
    ("partners.team", N_("Team"), PARTNER_ROLES),
    ("reviewers.queue", N_("Review queue"), REVIEWERS),
    ("reviewers.mails", N_("Mails"), REVIEWERS),
    ("administration.overview", N_("Administration"), frozenset({Role.ADMINISTRATOR})),
)
"""Where the navigation leads: endpoint, words, and whose it is."""


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the navigation. `label` is a msgid."""

    label: str
    url: str
    is_current: bool


def init_app(app: Flask) -> None:
    """Give the templates what `_base.html`, `_fields.html` and `_status.html` ask for."""
    app.context_processor(_around_every_page)
    app.jinja_env.globals.update(aria=aria, described_by=described_by, how_computed=how_computed)
    app.jinja_env.filters["options_by_group"] = options_by_group


def _around_every_page() -> dict[str, Any]:
    # A customer's page is the same whoever else is signed in on that machine, and reads no session.
    if request.blueprint == CUSTOMER_PAGES or not current_user.is_authenticated:
        return {"signed_in": None, "navigation": []}
    return {"signed_in": current_user, "navigation": navigation(current_user.role)}


def navigation(role: Role) -> list[Place]:
    """Return the places that `role` can go to, in order; those whose pages are not there are left out."""
    return [
        Place(label, url_for(endpoint), request.endpoint == endpoint)
        for endpoint, label, roles in PLACES
        if role in roles and endpoint in current_app.view_functions
    ]


def aria(field: Field, hint: str = "", **more: Any) -> dict[str, Any]:
    """Return the attributes by which a screen reader says hint and error with the field; `more` is added."""
    wrong = {"aria-invalid": "true"} if field.errors else {}
    return {**described_by(field, hint), **wrong, **more}


def described_by(field: Field, hint: str = "") -> dict[str, str]:
    """Return `aria-describedby` with the ids of the field's hint and error, as far as it has them."""
    ids = [f"{field.id}-hint"] if hint or field.description else []
    ids += [f"{field.id}-error"] if field.errors else []
    return {"aria-describedby": " ".join(ids)} if ids else {}


def options_by_group(field: SelectField) -> Iterator[tuple[str, list[Any]]]:
    """Yield each group's name and its options, ready to be rendered one by one."""
    options = iter(field)
    for name, choices in field.iter_groups():
        yield name, [next(options) for _ in choices]
