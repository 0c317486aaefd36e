"""The operator's calendar, as deadlines are computed by it, and the closures that administrators enter."""

from collections.abc import Iterator
from datetime import date, timedelta
from http import HTTPStatus
from typing import NamedTuple

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cpor_web import closures
from cpor_web.accounts.access import allowed
from cpor_web.admin.blueprint import bp
from cpor_web.admin.forms import ClosureForm
from cpor_web.extensions import db
from cpor_web.rules.deadlines import Calendar
from cpor_web.rules.exc import Invalid, NotAllowed
from cpor_web.rules.roles import Role
from cpor_web.transactions import transaction
from cpor_web.web.current import actor, now, programme, settings
from cpor_web.web.errors import sentence
from cpor_web.web.explained import WHY_NOT_WORKING


class DayOff(NamedTuple):
    """A day on which nobody works although it is not a weekend's, and why. `name` is a holiday's or a msgid."""

    day: date
    name: str


@bp.get("/calendar")
@allowed(Role.ADMINISTRATOR)
def calendar() -> ResponseReturnValue:
    """Show zone, weekend, holidays of this and the next year, and closures."""
    return _calendar(ClosureForm())


@bp.post("/calendar")
@allowed(Role.ADMINISTRATOR)
def add_closure() -> ResponseReturnValue:
    """Enter a closure."""
    form = ClosureForm()
    if not form.validate():
        return _calendar(form), HTTPStatus.UNPROCESSABLE_ENTITY
    kept = programme().calendar
    try:
        with transaction(db.session):
            closures.add(db.session(), form.day.data, form.name.data, actor=actor(), now=now(), calendar=kept)
    except Invalid as invalid:
        form[invalid.field_name].errors = [sentence(invalid)]
        return _calendar(form), HTTPStatus.UNPROCESSABLE_ENTITY
    flash(_("The closure was added. No deadline that runs already has moved."), "success")
    return redirect(url_for("administration.calendar"))


@bp.post("/calendar/remove")
@allowed(Role.ADMINISTRATOR)
def remove_closure() -> ResponseReturnValue:
    """Take a closure back. Twice is the same as once."""
    day = _day(request.form.get("day", ""))
    try:
        with transaction(db.session):
            if day is not None:
                closures.remove(db.session(), day, actor=actor(), now=now(), calendar=programme().calendar)
    except NotAllowed as refused:
        flash(sentence(refused), "error")
    else:
        flash(_("The closure was removed. No deadline that runs already has moved."), "success")
    return redirect(url_for("administration.calendar"))


def days_off(kept: Calendar, year: int) -> Iterator[DayOff]:
    """Yield the holidays and closures of `year` in order, those on a weekend too."""
    day = date(year, 1, 1)
    while day.year == year:
        if name := kept.day_off(day):
            yield DayOff(day, name)
        day += timedelta(days=1)


def _calendar(form: ClosureForm) -> str:
    kept = programme().calendar
    today = kept.local_day(now())
    return render_template(
        "admin/calendar.html",
        form=form,
        calendar=kept,
        why_not_working=WHY_NOT_WORKING,
        today=today,
        closures=closures.entered(db.session()),
        settings=settings(),
        weekdays=[date(2024, 1, 1) + timedelta(days=day) for day in range(7)],  # a week that began on a Monday
        years={each: list(days_off(kept, each)) for each in (today.year, today.year + 1)},
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
