"""What the review queue is filtered by."""

from collections.abc import Hashable, Iterable
from typing import Any

from flask import request
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, SearchField, SelectField
from wtforms.fields.choices import SelectChoice

from cpor_web.catalogue import Catalogue
from cpor_web.web.current import programme_as_set_up
from cpor_web.web.validators import stripped

LONGEST_SEARCH = 200


class QueueFilter(FlaskForm):
    """What the queue shows; read from the address, so it changes nothing and carries no token."""

    class Meta:
        csrf = False

    search = SearchField(_l("Search"), filters=[stripped], render_kw={"maxlength": LONGEST_SEARCH})
    whose = SelectField(
        _l("Reviewer"),
        choices=[
            SelectChoice("", _l("Everybody")),
            SelectChoice("mine", _l("Mine")),
            SelectChoice("unassigned", _l("Unassigned")),
        ],
        validate_choice=False,
    )
    area = SelectField(_l("Solution area"), validate_choice=False)
    disputed = BooleanField(_l("Disputed only"))
    overdue = BooleanField(_l("Overdue only"))

    def offer(self, catalogue: Catalogue, colleagues: Iterable[tuple[int, str]]) -> None:
        """Fill the areas, and the colleagues, by id and name, who hold something."""
        self.whose.choices = [*self.whose.choices, *(SelectChoice(str(id_), name) for id_, name in colleagues)]
        areas = (SelectChoice(area.key, area.name) for area in catalogue.areas.values())
        self.area.choices = [SelectChoice("", _l("All")), *areas]

    @property
    def key(self) -> Hashable:
        """By what its fields are drawn once: what is offered; None where somebody has chosen or typed."""
        chosen, offered = any(field.data for field in self), (*self.area.choices[1:], *self.whose.choices[3:])
        return None if chosen else ("queue", *((choice.value, choice.label) for choice in offered))


def within() -> dict[str, Any]:
    """Return by which of the queue's filters a reviewer goes from claim to claim, as an address says them.

    They stand in the address of each claim on the way, and its forms repeat them.
    """
    form = QueueFilter(request.values)
    area = form.area.data if form.area.data in programme_as_set_up().catalogue.areas else ""
    return {name: value for name, value in (("area", area), ("disputed", form.disputed.data and "y")) if value}
