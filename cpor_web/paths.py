"""Where templates and migrations lie: beside the package in a checkout, inside it in a wheel. And where counts do."""

from pathlib import Path

_PACKAGE = Path(__file__).parent


def _find(name: str) -> Path:
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


TEMPLATES = _find("templates")
MIGRATIONS = _find("migrations")
TRANSLATIONS = _PACKAGE / "translations"

COUNTS = "PROMETHEUS_MULTIPROC_DIR"
"""In which variable prometheus_client looks for the folder in which several processes count together."""
