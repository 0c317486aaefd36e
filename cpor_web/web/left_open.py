"""Forms that may have been open for long: they give nothing back that somebody else has changed since."""

from collections.abc import Mapping
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from wtforms import Field

from cpor_web.rules.exc import Refused
from cpor_web.rules.words import N_

BY_BOTH = N_("Somebody else has changed this meanwhile, to “%(now)s”. Nothing was saved. Decide anew, then save.")


class Meanwhile(Refused):
    """Somebody else has changed the same, to something else; the form says what."""


class LeftOpen(FlaskForm):
    """Says in hidden fields what it showed (`seen` in templates/_fields.html), so that it is known what was changed.

    They can be forged: they only narrow what is written.
    """

    def __init__(self, stored: Mapping[str, str], **more: Any) -> None:
        super().__init__(data=stored, **more)
        self.seen = {name: request.form.get(f"seen-{name}", value) for name, value in stored.items()}

    def changes(self, name: str) -> bool:
        """Tell whether the sender has changed this field from what the page showed."""
        return bool(self[name].data != self.seen[name])

    def merge(self, stored: Mapping[str, str]) -> None:
        """Take what is stored by now, its row locked, for what the sender has not changed.

        Raises Meanwhile where both have changed the same. Sent again, the form counts as having shown what is stored.
        """
        changed = [name for name in stored if self.changes(name)]
        by_both = [name for name in changed if stored[name] not in {self.seen[name], self[name].data}]
        self.seen = dict(stored)
        for name in stored.keys() - set(changed):
            self[name].data = stored[name]
        for name in by_both:
            self[name].errors = [_(BY_BOTH, now=_as_shown(self[name], stored[name]))]
        if by_both:
            raise Meanwhile(N_("Something changed in the meantime"))


def _as_shown(field: Field, value: str) -> str:
    """Return a value as people read it: of a choice its label."""
    return next((str(choice.label) for choice in getattr(field, "choices", ()) if choice.value == value), value)
