"""What is read and not edited here: the catalogue, and the settings in force."""

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

from flask import render_template
from flask.typing import ResponseReturnValue

from cpor_web import catalogue as catalogues
from cpor_web.accounts.access import allowed
from cpor_web.admin.blueprint import bp
from cpor_web.config import Settings, env_name
from cpor_web.config.kinds import WEEKDAYS
from cpor_web.rules.deadlines import Periods
from cpor_web.rules.roles import Role
from cpor_web.web.current import programme, settings


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """A setting as it is shown."""

    name: str
    value: str
    meaning: str
    is_secret: bool
    is_set: bool


SECRET = re.compile(r"key|password|secret|token", re.IGNORECASE)
_PASSWORD_IN_URL = re.compile(r"(?<=://)[^/@\s]*(?=@)|(?<=password=)[^&\s]*", re.IGNORECASE)


@bp.get("/catalogue")
@allowed(Role.ADMINISTRATOR)
def catalogue() -> ResponseReturnValue:
    """Show what can be claimed."""
    file = settings().catalogue
    return render_template(
        "admin/catalogue.html",
        catalogue=programme().catalogue,
        file=file or catalogues.SAMPLE.name,
        is_sample=not file or Path(file) == catalogues.SAMPLE,
    )


@bp.get("/settings")
@allowed(Role.ADMINISTRATOR)
def settings_in_force() -> ResponseReturnValue:
    """Show every setting with its value; of a secret only whether it is set."""
    return render_template("admin/settings.html", rows=list(rows(in_force(settings(), programme().periods))))


def in_force(kept: Settings, periods: Periods) -> Settings:
    """Return the settings with the periods that count, also where the guide's edition and nobody else set them."""
    return dataclasses.replace(kept, **{f"{name}_days": days for name, days in dataclasses.asdict(periods).items()})


def rows(kept: Settings) -> Iterator[Row]:
    """Yield every setting in its order; the values of secrets are left out, and passwords within addresses."""
    for field in dataclasses.fields(kept):
        value = getattr(kept, field.name)
        is_secret = bool(SECRET.search(field.name))
        text = "" if is_secret else _PASSWORD_IN_URL.sub("…", _text(value))
        is_set = bool(value) if is_secret else bool(text)
        yield Row(env_name(field), text, field.metadata["meaning"], is_secret, is_set)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, frozenset):
        return ",".join(WEEKDAYS[each] if isinstance(each, int) else str(each) for each in sorted(value))
    if isinstance(value, tuple):
        return ", ".join("=".join(each) if isinstance(each, tuple) else str(each) for each in value)
    return "" if value is None else str(value)
