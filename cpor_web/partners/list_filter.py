"""What the dashboard is asked to list, read from its address."""

from collections.abc import Hashable, Sequence

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SearchField, SelectField
from wtforms.fields.choices import SelectChoice

from cpor_web.catalogue import Catalogue
from cpor_web.claims.way import Who
from cpor_web.lists.own import Sort, Wanted
from cpor_web.rules.statuses import Status
from cpor_web.web.validators import stripped

LONGEST_SEARCH = 200

MUST_ACT = "must-act"
"""Among those whose turn it is, you where the claim is lost by doing nothing."""


class ListFilter(FlaskForm):
    """What the dashboard lists; read from the address, so it changes nothing and carries no token."""

    class Meta:
        csrf = False

    search = SearchField(_l("Search"), filters=[stripped], render_kw={"maxlength": LONGEST_SEARCH})
    who = SelectField(
        _l("Waiting for"),
        choices=[
            SelectChoice("", _l("Anybody")),
            SelectChoice(MUST_ACT, _l("You, or the claim is lost")),
            SelectChoice(Who.PARTNER.value, _l("You")),
            SelectChoice(Who.REVIEWER.value, _l("A reviewer")),
            SelectChoice(Who.CUSTOMER.value, _l("The customer")),
        ],
        validate_choice=False,
    )
    area = SelectField(_l("Solution area"), validate_choice=False)
    mpn_id = SelectField(_l("MPN ID"), validate_choice=False)
    sort = SelectField(
        _l("Sort by"), choices=[SelectChoice(sort.value, _l(sort.label)) for sort in Sort], validate_choice=False
    )

    def offer(self, locations: Sequence[tuple[str, str]], catalogue: Catalogue) -> None:
        """Fill the areas and the partner's own IDs, with their places; with one ID there is nothing to choose."""
        areas = (SelectChoice(area.key, area.name) for area in catalogue.areas.values())
        self.area.choices = [SelectChoice("", _l("All")), *areas]
        ids = [SelectChoice(number, " – ".join(filter(None, (number, place)))) for number, place in locations]
        self.mpn_id.choices = [SelectChoice("", _l("All")), *ids] if len(ids) > 1 else []

    @property
    def key(self) -> Hashable:
        """By what its fields are drawn once for everybody: the areas; None where somebody has chosen or typed."""
        chosen = any(self[name].data for name in ("search", "who", "area", "sort"))
        return None if chosen else ("list", *((choice.value, choice.label) for choice in self.area.choices[1:]))

    def wanted(self, status: Status | None) -> Wanted:
        """Return what is chosen; what cannot be chosen is as if it were not there."""
        who, sort = self._chosen("who"), self._chosen("sort")
        return Wanted(
            status=status,
            search=self.search.data[:LONGEST_SEARCH],
            who=Who(who) if who and who != MUST_ACT else None,
            must_act=who == MUST_ACT,
            area=self._chosen("area"),
            mpn_id=self._chosen("mpn_id"),
            sort=Sort(sort) if sort else Sort.URGENT,
        )

    def _chosen(self, name: str) -> str:
        chosen = self[name].data or ""
        return chosen if chosen in {choice.value for choice in self[name].choices} else ""
