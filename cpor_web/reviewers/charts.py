"""The figures as charts: what each shows, the table behind it, and where its bars lie."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from flask_babel import format_decimal
from flask_babel import gettext as _

from cpor_web.figures import tallies
from cpor_web.figures.tallies import Counts
from cpor_web.models import Measure
from cpor_web.rules.reasons import Rejection
from cpor_web.rules.words import N_
from cpor_web.web.languages import percent

LEFT, BAR, GAP, NAME = 112, 13, 9, 16
"""In a chart's own units: where bars begin beside names, and how high a bar, a gap and a name above bars are."""

BESIDE, ABOVE = 17, 50
"""Letters of a name that have room beside its bars, and above them; the table has all of it."""

LONGEST_BAR = {False: 150, True: 250}
"""How long the longest bar is, with names beside the bars or above them."""

Cell = int | float | None
ERASED_REASON = N_("Reason erased")


class Bar(NamedTuple):
    """One bar: how far down, how long, of which series (from 1), and its figure in words."""

    top: int
    length: float
    series: int
    words: str


class Line(NamedTuple):
    """What stands beside the bars of one group."""

    top: int
    name: str
    bars: tuple[Bar, ...]


class Chart(NamedTuple):
    """One chart. `key` names it in addresses, `columns` are its table's, the first for the groups' name.

    `drawn` are the rows of the picture, by name, with a figure for each of `series`; texts are translated.
    """

    key: str
    title: str
    meaning: str
    series: tuple[str, ...]
    drawn: Sequence[tuple[str, Sequence[Cell]]]
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, Sequence[Cell]]]
    is_share: bool = False

    def lines(self) -> list[Line]:
        """Return what is drawn, laid out from top to bottom; the longest bar has the largest figure."""
        largest = max((cell or 0 for _name, cells in self.drawn for cell in cells), default=0)
        longest = LONGEST_BAR[self.has_names_above]
        lines, top = [], 0
        for name, cells in self.drawn:
            first = top + (NAME if self.has_names_above else 0)
            bars = []
            for series, cell in enumerate(cells, 1):
                length = round(longest * (cell or 0) / largest, 1) if largest else 0
                bars.append(Bar(first + (series - 1) * BAR, length, series, self.words(cell)))
            lines.append(Line(top, _short(name), tuple(bars)))
            top = first + len(cells) * BAR + GAP
        return lines

    @property
    def has_bars(self) -> bool:
        """Whether there is anything to draw but noughts."""
        return any(cell for _name, cells in self.drawn for cell in cells)

    @property
    def has_names_above(self) -> bool:
        """Whether a name is too long to stand beside its bars."""
        return any(len(name) > BESIDE for name, _cells in self.drawn)

    @property
    def left(self) -> int:
        """Where the bars begin, in the picture's own units."""
        return 0 if self.has_names_above else LEFT

    @property
    def height(self) -> int:
        """How high the picture is, in its own units."""
        return len(self.drawn) * (len(self.series) * BAR + GAP + (NAME if self.has_names_above else 0))

    def words(self, cell: Cell, column: int = 0) -> str:
        """Return a figure as people read it; `column` of the table, from 0."""
        if cell is None:
            return _("–")
        is_share = self.is_share and column == 0
        return percent(cell) if is_share else str(format_decimal(cell))


def charts(groups: Mapping[str, Counts], standing: Mapping[str, tuple[Cell, Cell]], called: str) -> list[Chart]:
    """Return every chart. `groups` has what was counted by the groups' names, `called` is what groups are."""
    return [
        _waiting(standing, called),
        _time(groups, called),
        _requests(groups, called),
        _rejections(groups, called),
        _simple(
            groups,
            called,
            "denials",
            Measure.DENIED,
            _("Denials"),
            _("How often customers denied, those denials too that they undid later."),
            {"": _("Denials")},
        ),
        _simple(
            groups,
            called,
            "bounces",
            Measure.UNDELIVERED,
            _("Mails that were not delivered"),
            _("Mails about claims that came back, or that a mail server refused at once."),
            {"bounced": _("Came back"), "refused": _("Refused")},
        ),
    ]


def _waiting(standing: Mapping[str, tuple[Cell, Cell]], called: str) -> Chart:
    rows = list(standing.items())
    words = _(
        "Claims that waited for us, and those of them that were overdue: by week as its last day ended, else now."
    )
    if any(cells[0] is None for _name, cells in rows):
        dash = _("A dash: nothing waited, or nothing was counted, as before this was set up.")
        words = f"{words} {dash}"
    series = (_("Waiting"), _("Overdue"))
    return Chart("waiting", _("Waiting and overdue"), words, series, rows, (called, *series), rows)


def _time(groups: Mapping[str, Counts], called: str) -> Chart:
    rows = []
    for name, counts in groups.items():
        days = {int(value): n for (measure, value), n in counts.items() if measure is Measure.DECIDED}
        rows.append((name, (tallies.percentile(days, 50), tallies.percentile(days, 90), sum(days.values()))))
    series = (_("Half of the decisions"), _("Nine of ten"))
    return Chart(
        "time",
        _("Time to decision, in business days"),
        _("Within how many of our business days decisions were made; the partner's time does not count."),
        series,
        [(name, cells[:2]) for name, cells in rows],
        (called, *series, _("Decisions")),
        rows,
    )


def _requests(groups: Mapping[str, Counts], called: str) -> Chart:
    rows = []
    for name, counts in groups.items():
        asked = _sum(counts, Measure.ASKED)
        answers = asked + _sum(counts, Measure.DECIDED)
        rows.append((name, (asked / answers if answers else None, asked, answers)))
    share = _("Share of requests")
    return Chart(
        "requests",
        _("Requests for information"),
        _("How many of the reviewers' answers (approvals, rejections, requests) asked for more."),
        (share,),
        [(name, cells[:1]) for name, cells in rows],
        (called, share, _("Requests"), _("Answers")),
        rows,
        is_share=True,
    )


def _rejections(groups: Mapping[str, Counts], called: str) -> Chart:
    reasons = [reason.value for reason in Rejection]
    all_: Counter[str] = Counter()
    for counts in groups.values():
        for (measure, value), number in counts.items():
            if measure is Measure.REJECTED:
                all_[value] += number
    if all_[""]:
        reasons.append("")
    labels = {reason: _(Rejection(reason).label) if reason else _(ERASED_REASON) for reason in reasons}
    rows = [(name, [counts[Measure.REJECTED, reason] for reason in reasons]) for name, counts in groups.items()]
    return Chart(
        "rejections",
        _("Rejections by reason"),
        _("How often claims were rejected, in all these weeks; the table tells them apart."),
        (_("Rejections"),),
        [(labels[reason], (all_[reason],)) for reason in reasons],
        (called, *labels.values()),
        rows,
    )


def _simple(
    groups: Mapping[str, Counts],
    called: str,
    key: str,
    measure: Measure,
    title: str,
    meaning: str,
    series: Mapping[str, str],
) -> Chart:
    rows = [(name, tuple(counts[measure, value] for value in series)) for name, counts in groups.items()]
    labels = tuple(series.values())
    return Chart(key, title, meaning, labels, rows, (called, *labels), rows)


def _sum(counts: Counts, measure: Measure) -> int:
    return sum(number for (each, _value), number in counts.items() if each is measure)


def _short(name: str) -> str:
    return name if len(name) <= ABOVE else f"{name[: ABOVE - 1]}…"
