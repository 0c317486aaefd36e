"""What every page gets: the places to go by role, attributes that tie a field's words to it, deadlines explained."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from flask import Flask, current_app, request, url_for
from flask_login import current_user
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup, escape
from sqlalchemy.exc import SQLAlchemyError
from wtforms import Field, SelectField

from cpor_web.database import capped
from cpor_web.emails.condition import count_for_a_person
from cpor_web.extensions import db
from cpor_web.models import User
from cpor_web.moments import exactly
from cpor_web.rules.deadlines import Calendar
from cpor_web.rules.roles import ADMINISTRATORS, PARTNER_ROLES, REVIEWERS, Role
from cpor_web.rules.words import N_
from cpor_web.web import current, drawn, explained
from cpor_web.web.drawn import Words
from cpor_web.web.headers import is_customers_page
from cpor_web.web.present import spoken

PLACES = (
    ("partners.dashboard", N_("Customer associations"), PARTNER_ROLES),
    ("partners.earnings", N_("Earnings"), PARTNER_ROLES),
    ("partners.team", N_("Team"), PARTNER_ROLES),
    ("reviewers.queue", N_("Review queue"), REVIEWERS),
    ("reviewers.mails", N_("Mails"), REVIEWERS),
    ("reviewers.figures", N_("Figures"), REVIEWERS),
    ("administration.overview", N_("Administration"), ADMINISTRATORS),
)
"""Where the navigation leads: endpoint, words, and whose it is."""

ALSO_WITHIN = {
    "reviewers.mails": ("/review/received", "/review/preview"),
    "partners.team": ("/people",),
    "administration.overview": ("/people",),
}
"""Pages that belong to a place though their addresses do not begin with its own."""


_AS_THEY_ARE = "!$'()*,/:;?@"
"""What a query has besides letters and digits without a percent sign, as Werkzeug writes it."""


class Place(NamedTuple):
    """An entry of the navigation. `label` is a msgid; `current` is what `aria-current` says of it, or empty.

    `waiting` is how much there needs a person.
    """

    label: str
    url: str
    current: str
    waiting: int = 0


class Header(NamedTuple):
    """All that the top of a page decides by. Nothing in it is any person's own: it is kept by it."""

    operator: str
    programme: str
    logo: str | None
    navigation: tuple[Place, ...]
    is_signed_in: bool
    has_partner: bool


def init_app(app: Flask) -> None:
    """Give the templates what `_base.html`, `_fields.html` and `_status.html` ask for."""
    app.context_processor(_around_every_page)
    app.jinja_env.globals.update(aria=aria, described_by=described_by, how_computed=explained.how_computed)
    app.jinja_env.globals.update(time_left=time_left, how_long=how_long, page_header=page_header)
    app.jinja_env.globals["counted_exactly"] = capped.MOST
    app.jinja_env.filters.update(options_by_group=options_by_group, in_pieces=in_pieces)


def _around_every_page() -> dict[str, Any]:
    if is_customers_page():
        return {"signed_in": None, "navigation": [], "get_flashed_messages": _no_messages}
    if not current_user.is_authenticated:
        return {"signed_in": None, "navigation": []}
    user = current.user()
    return {"signed_in": user, "navigation": navigation(user.role)}


def _no_messages(**_options: object) -> list[str]:
    """Return none: they are in the session of whoever is signed in on that machine."""
    return []


def page_header(signed_in: User | None, navigation: Iterable[Place], logo: str | None) -> Markup:
    """Return the top of a page: it is drawn once for all who have the same places to go."""
    programme = current.programme_as_set_up()
    partner = signed_in.partner.name if signed_in and signed_in.partner else ""
    words = {"name": signed_in.name, "partner": partner, "token": generate_csrf()} if signed_in else {}
    header = Header(
        programme.operator, programme.name, logo, tuple(navigation), signed_in is not None, has_partner=bool(partner)
    )
    return drawn.part("_header.html", header, words)


def navigation(role: Role) -> list[Place]:
    """Return the places that `role` can go to, in order; those whose pages are not there are left out."""
    places = [
        (endpoint, label, url_for(endpoint))
        for endpoint, label, roles in PLACES
        if role in roles and endpoint in current_app.view_functions
    ]
    around = [
        (len(root), url)
        for endpoint, _label, url in places
        for root in (url, *ALSO_WITHIN.get(endpoint, ()))
        if f"{request.path}/".startswith(f"{root}/")
    ]
    _length, within = max(around, default=(0, ""))
    return [
        Place(
            label,
            url,
            "page" if request.endpoint == endpoint else "true" if url == within else "",
            _waiting(endpoint),
        )
        for endpoint, label, url in places
    ]


def cursors() -> dict[str, str]:
    """Return which page of a list the address asks for, as `keyset.page` takes it: nothing for the first."""
    return {"before": request.args.get("before", ""), "after": request.args.get("after", "")}


def asking(address: str, asked: Mapping[str, str | None]) -> str:
    """Return the address of a page at which this is asked of it, but for what is None.

    It is as `url_for` writes it, which looks up each time where the page is: for who leads to one page in many ways.
    """
    query = urlencode({name: value for name, value in asked.items() if value is not None}, safe=_AS_THEY_ARE)
    return f"{address}?{query}" if query else address


class Telling(NamedTuple):
    """How the moments of a list are told to this request's reader: what that takes is asked for once."""

    language: str
    now: datetime
    calendar: Calendar

    def deadline(self, by: datetime | None, rule: Mapping[str, Any] | None) -> Words:
        """Return a line's words for its deadline; they are empty where none runs."""
        if by is None:
            return {"left": "", "by": "", "by_for_machines": ""}
        machines = by.isoformat(timespec="seconds")
        return {"left": self.left(by, rule), "by": self.moment(by), "by_for_machines": machines}

    def moment(self, at: datetime) -> str:
        """Write `at` in the operator's zone: "Friday, 27 November 2026, 23:59:59 CET"."""
        return exactly(at, self.language, self.calendar.zone.key)

    def left(self, at: datetime, rule: Mapping[str, Any] | None) -> str:
        """Return in words how long it still is until a deadline."""
        return explained.time_left(at, rule, now=self.now, calendar=self.calendar, language=self.language)


def telling() -> Telling:
    """Return how moments are told to this request's reader."""
    return Telling(spoken(), current.now(), current.programme().calendar)


def time_left(at: datetime, rule: Mapping[str, Any] | None) -> str:
    """Return in words how long it still is until a deadline, from this request's moment."""
    return telling().left(at, rule)


def how_long(period: str) -> str:
    """Return in words how long a step of a claim's way takes at most."""
    return explained.how_long(period, current.programme().periods)


def _waiting(endpoint: str) -> int:
    try:
        return count_for_a_person(db.session()) if endpoint == "reviewers.mails" else 0
    except SQLAlchemyError:  # the page that says that the database is away has this row of links too
        return 0


def aria(field: Field, hint: str = "", **more: Any) -> dict[str, Any]:
    """Return the attributes by which a screen reader says hint and error with the field; `more` is added."""
    wrong = {"aria-invalid": "true"} if field.errors else {}
    return {**described_by(field, hint), **wrong, **more}


def described_by(field: Field, hint: str = "") -> dict[str, str]:
    """Return `aria-describedby` with the ids of the field's hint, warning and error, as far as it has them."""
    ids = [f"{field.id}-hint"] if hint or field.description else []
    ids += [f"{field.id}-warning"] if getattr(field, "warnings", ()) else []
    ids += [f"{field.id}-error"] if field.errors else []
    return {"aria-describedby": " ".join(ids)} if ids else {}


def in_pieces(address: str) -> Markup:
    """Return a mail address so that a column too narrow for it breaks it before the domain, else before a dot."""
    local, at, domain = (escape(part).replace(".", Markup("<wbr>.")) for part in address.rpartition("@"))
    return Markup('%s%s<span class="domain">%s</span>') % (local, at, domain)


def options_by_group(field: SelectField) -> Iterator[tuple[str, list[Any]]]:
    """Yield each group's name and its options, ready to be rendered one by one."""
    options = iter(field)
    for name, choices in field.iter_groups():
        yield name, [next(options) for _ in choices]
