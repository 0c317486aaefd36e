"""Deadlines as a calendar (RFC 5545): to be saved from a claim's page, or to be subscribed to."""

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Response, abort, url_for
from flask_babel import gettext as _

from cpor_web.claims.deadlines import Running, deadlines_in
from cpor_web.extensions import db
from cpor_web.models import Claim
from cpor_web.rules.roles import PARTNER_ROLES, Role
from cpor_web.version import __version__
from cpor_web.web import downloads
from cpor_web.web.current import actor, now, programme_as_set_up
from cpor_web.web.explained import how_computed

if TYPE_CHECKING:
    from icalendar import Event

REFRESH = timedelta(hours=1)


def of_claim(claim: Claim) -> Response:
    """Answer with the deadlines of a claim that run, to be saved; where none does there is no such file."""
    found = deadlines_in(db.session(), claim, now=now()) or abort(404)
    name = _("Deadlines of %(name)s", name=claim.name)
    return answer(found, role=actor().role, name=name, filename=f"{claim.reference}.ics")


def answer(deadlines: Iterable[Running], *, role: Role, name: str, filename: str = "") -> Response:
    """Answer with an event for each deadline, whose link leads to the page that `role` has of the claim.

    With a filename it is to be saved, without to be subscribed to. An event's UID is the claim's and the deadline's
    for ever, so that a deadline that has moved moves in the calendar too. Nothing tells of the customer's contacts.
    """
    from icalendar import Calendar  # large, and seldom asked for

    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", f"-//cpor-web//{__version__}//EN")
    calendar.add("method", "PUBLISH")
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", REFRESH, parameters={"value": "DURATION"})
    for deadline in deadlines:
        calendar.add_component(_event(deadline, role))
    response = Response(calendar.to_ical(), mimetype="text/calendar")
    return downloads.as_attachment(response, filename) if filename else response


def _event(deadline: Running, role: Role) -> "Event":
    from icalendar import Event

    claim, public_url = deadline.claim, programme_as_set_up().public_url
    page = "partners.claim" if role in PARTNER_ROLES else "reviewers.claim"
    event = Event()
    event.add("uid", f"{claim.reference}.{deadline.due}@{urlsplit(public_url).hostname}".lower())
    event.add("dtstamp", now())
    event.add("sequence", claim.version)  # only ever grows, so that an older copy never wins
    event.add("dtstart", deadline.at)
    event.add("summary", _("%(what)s: %(claim)s", what=_(deadline.due.label), claim=claim.name))
    event.add("description", "\n".join([claim.reference, *(how_computed(deadline.rule) if deadline.rule else [])]))
    event.add("url", public_url + url_for(page, reference=claim.reference))
    event.add("transp", "TRANSPARENT")  # a deadline takes no time
    return event
