"""The blueprint of the administrators' pages, and the row of links that they share."""

from datetime import date, datetime
from typing import NamedTuple

from babel.dates import format_date, format_timedelta
from flask import Blueprint, request, url_for

from cpor_web.emails.words import STATES
from cpor_web.moments import full_day
from cpor_web.rules.words import N_
from cpor_web.web.current import now
from cpor_web.web.present import spoken

bp = Blueprint("administration", __name__, url_prefix="/admin")

PAGES = (
    ("administration.overview", N_("Overview")),
    ("administration.partners", N_("Partners")),
    ("administration.users", N_("Users")),
    ("administration.assessments", N_("Assessments")),
    ("administration.holding", N_("Holding")),
    ("administration.calendar", N_("Calendar")),
    ("administration.catalogue", N_("Catalogue")),
    ("administration.settings_in_force", N_("Settings")),
)


class Tab(NamedTuple):
    """A link to one of the pages. `label` is a msgid."""

    label: str
    url: str
    is_current: bool


@bp.context_processor
def _for_templates() -> dict[str, object]:
    """Give every page the row of links, and the words that it needs."""
    tabs = [Tab(label, url_for(endpoint), request.endpoint == endpoint) for endpoint, label in PAGES]
    return {"tabs": tabs, "away": away, "mail_states": STATES, "long_date": long_date, "weekday": weekday}


def away(moment: datetime) -> str:
    """Return how far `moment` is from now, roughly: "3 minutes ago"."""
    return str(format_timedelta(moment - now(), add_direction=True, locale=spoken()))


def long_date(day: date) -> str:
    """Return a day with its weekday."""
    return full_day(day, spoken())


def weekday(day: date) -> str:
    """Return the name of a day's weekday."""
    return str(format_date(day, "EEEE", locale=spoken()))
