"""The list of all settings, for those who read it."""

from dataclasses import MISSING, fields

from cpor_web.config.declaring import env_name
from cpor_web.config.kinds import WEEKDAYS
from cpor_web.config.settings import Settings


def table() -> list[tuple[str, str, str]]:
    """Return (name, default, meaning) of every setting, for the README and `cpor settings`."""
    return [(env_name(f), _shown(f.default), f.metadata["meaning"]) for f in fields(Settings)]


def _shown(default: object) -> str:
    if default is MISSING or default in ("", (), None):
        return ""
    if isinstance(default, bool):
        return "1" if default else "0"
    if isinstance(default, frozenset):
        return ",".join(WEEKDAYS[day] for day in sorted(default))
    return str(default)
