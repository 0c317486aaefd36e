"""How a setting is declared and named: a field of `Settings`, and CPOR_ with its name in capitals."""

from collections.abc import Callable
from dataclasses import Field, field
from typing import Any

PREFIX = "CPOR_"
FOR_TESTS = "CPOR_TEST_"


def setting(default: Any, meaning: str, parse: Callable[[str], Any] = str) -> Any:
    """Declare a setting: `parse` turns text into the value or raises ValueError with what would be right."""
    return field(default=default, metadata={"meaning": meaning, "parse": parse})


def env_name(f: Field[Any]) -> str:
    """Return the environment's name of a settings field."""
    return PREFIX + f.name.upper()
