"""The figures: what waits, how long decisions take, what came of them; by week, area or partner."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import cast

from flask import Response, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SearchField, SelectField
from wtforms.fields.choices import SelectChoice

from cpor_web.accounts.access import allowed
from cpor_web.extensions import db
from cpor_web.figures import tallies
from cpor_web.figures.tallies import By, Counts, Group, Wanted
from cpor_web.models import Measure
from cpor_web.reviewers.blueprint import bp
from cpor_web.reviewers.charts import Cell, Chart, charts
from cpor_web.rules.roles import REVIEWERS
from cpor_web.web import downloads
from cpor_web.web.current import now, programme
from cpor_web.web.languages import brief_day

WEEKS = (12, 4, 26, 52)
"""How many weeks can be looked at, the usual number first."""

BACK = (0, 12, 26, 52, 104)
ONE_WEEK = timedelta(weeks=1)
MOST_TO_CHOOSE = 20
"""Partners that are offered where what was typed fits several."""

NOBODY = -1
"""No partner's id: nothing was counted of it."""


class FiguresFilter(FlaskForm):
    """Which figures are shown; read from the address, so it changes nothing and carries no token."""

    class Meta:
        csrf = False

    by = SelectField(
        _l("Told apart by"),
        choices=[
            SelectChoice(By.WEEK.value, _l("Week")),
            SelectChoice(By.AREA.value, _l("Solution area")),
            SelectChoice(By.PARTNER.value, _l("Partner")),
        ],
        validate_choice=False,
    )
    weeks = SelectField(_l("Weeks"), choices=[SelectChoice(str(n), str(n)) for n in WEEKS], validate_choice=False)
    until = SelectField(_l("Until"), validate_choice=False)
    area = SelectField(_l("Solution area"), validate_choice=False)
    partner = SearchField(
        _l("Partner"), description=_l("The beginning of the name will do."), render_kw={"maxlength": 200}
    )
    fitting: Sequence[str] = ()

    def offer(self, last: date) -> None:
        """Fill the areas, and the weeks that can be the last; `last` is this week's Monday."""
        areas = (SelectChoice(area.key, area.name) for area in programme().catalogue.areas.values())
        self.area.choices = [SelectChoice("", _l("All")), *areas]
        ago = [(str(n), brief_day(last - n * ONE_WEEK)) for n in BACK[1:]]
        self.until.choices = [SelectChoice("0", _l("This week")), *(SelectChoice(*each) for each in ago)]

    def wanted(self, this_week: date) -> Wanted:
        """Return what is chosen; what cannot be chosen is as if it were not there."""
        last = this_week - int(self._chosen("until", "0")) * ONE_WEEK
        first = last - (int(self._chosen("weeks", str(WEEKS[0]))) - 1) * ONE_WEEK
        return Wanted(first, last, By(self._chosen("by", By.WEEK)), self._chosen("area", ""), self._partner())

    def _partner(self) -> int | None:
        """Return the partner that is meant; of several whose names begin so one is to be chosen from `fitting`."""
        typed = (self.partner.data or "").replace("\x00", "").strip()
        if not typed:
            return None
        found = tallies.partners_named(db.session(), typed, most=MOST_TO_CHOOSE)
        if len(found) == 1:
            return found[0].id
        self.fitting = [each.name for each in found]
        several, none = _("Several partners' names begin so. Choose one."), _("No partner's name begins so.")
        self.partner.errors = [several if found else none]
        return NOBODY

    def _chosen(self, name: str, otherwise: str) -> str:
        chosen = self[name].data or ""
        return chosen if chosen in {choice.value for choice in self[name].choices} else otherwise


@bp.get("/figures")
@allowed(REVIEWERS)
def figures() -> ResponseReturnValue:
    """Show the figures that the address asks for."""
    form, wanted = _asked()
    up_to = tallies.counted_up_to(db.session())
    return render_template(
        "reviewers/figures.html",
        form=form,
        charts=_charts(wanted),
        standing=tallies.standing_in_all(db.session(), wanted, now=now()),
        up_to=up_to and brief_day(_day(up_to - timedelta(seconds=1))),
        filters={name: value for name, value in request.args.items() if name in form},
        partner=wanted.partner_id and tallies.names_of(db.session(), [wanted.partner_id]).get(wanted.partner_id),
        most=tallies.MOST_PARTNERS if wanted.by is By.PARTNER else None,
    )


@bp.get("/figures.csv")
@allowed(REVIEWERS)
def export_figures() -> Response:
    """Give the table behind one chart; `of` in the address names it, without one the first."""
    _form, wanted = _asked()
    found = _charts(wanted, day_in_words=date.isoformat)
    key = request.args.get("of", found[0].key)
    chart = next((each for each in found if each.key == key), None) or abort(404)
    rows = ([name, *(_plain(cell) for cell in cells)] for name, cells in chart.rows)
    return downloads.table(f"figures-{chart.key}.csv", chart.columns, rows)


def _asked() -> tuple[FiguresFilter, Wanted]:
    today = _day(now())
    this_week = today - timedelta(days=today.weekday())
    form = FiguresFilter(request.args)
    form.offer(this_week)
    return form, form.wanted(this_week)


def _charts(wanted: Wanted, *, day_in_words: Callable[[date], str] = brief_day) -> list[Chart]:
    session = db.session()
    counted = tallies.counted(session, wanted)
    groups = _groups(wanted, counted, day_in_words)
    named = {name: counted.get(group, Counter()) for group, name in groups.items()}
    if wanted.by is By.WEEK:
        return charts(named, {name: _at_the_end(counts) for name, counts in named.items()}, _("Week of"))
    at_once = tallies.standing(session, wanted, now=now())
    names = groups if wanted.by is By.AREA else _partners(at_once)
    waiting = {name: at_once.get(group, (0, 0)) for group, name in names.items()}
    called = _("Solution area") if wanted.by is By.AREA else _("Partner")
    return charts(named, cast(Mapping[str, tuple[Cell, Cell]], waiting), called)


def _at_the_end(counts: Counts) -> tuple[Cell, Cell]:
    """Return what waited and was overdue at the end of a week; None where nothing did, or nobody counted it."""
    waiting = counts[Measure.WAITING, ""]
    return (waiting, counts[Measure.OVERDUE, ""]) if waiting else (None, None)


def _groups(wanted: Wanted, counted: Mapping[Group, Counts], day_in_words: Callable[[date], str]) -> dict[Group, str]:
    """Return the groups with their names, in the order in which they are shown."""
    if wanted.by is By.PARTNER:
        return _partners(counted)
    if wanted.by is By.AREA:
        areas = programme().catalogue.areas
        keys = [wanted.area] if wanted.area else [*areas, *sorted(str(each) for each in counted if each not in areas)]
        return {key: programme().catalogue.area_name(key) for key in keys}
    number = (wanted.last - wanted.first).days // 7 + 1
    weeks = [wanted.first + each * ONE_WEEK for each in range(number)]
    return {week: day_in_words(week) for week in weeks}


def _partners(counted: Mapping[Group, object]) -> dict[Group, str]:
    """Return partners' names, which are unique but for their case."""
    names = tallies.names_of(db.session(), [int(cast(int, each)) for each in counted])
    return dict(sorted(names.items(), key=lambda each: each[1].lower()))


def _day(moment: object) -> date:
    return programme().calendar.local_day(moment)  # type: ignore[arg-type]


def _plain(cell: Cell) -> str:
    return "" if cell is None else f"{cell:.4g}" if isinstance(cell, float) else str(cell)
