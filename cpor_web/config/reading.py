"""From the environment's text to values; what cannot be read is told, all of it at once."""

from collections.abc import Iterable, Mapping
from dataclasses import Field
from typing import Any

from cpor_web.config import secret_files
from cpor_web.config.declaring import FOR_TESTS, PREFIX, env_name


class ConfigError(ValueError):
    """The settings cannot be used; `problems` has a sentence for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def read(declared: Iterable[Field[Any]], environ: Mapping[str, str]) -> tuple[dict[str, Any], set[str], list[str]]:
    """Return the values of what is set, the names of all that is given, readable or not, and a sentence a problem."""
    environ, unread = secret_files.resolved(environ)
    given = {
        name: text
        for name, text in environ.items()
        if name.startswith(PREFIX) and not name.startswith(FOR_TESTS) and text.strip()
    }
    known = {env_name(f): f for f in declared}
    problems = [f"{name} is not a setting. Check its spelling." for name in sorted(given.keys() - known.keys())]
    problems += unread.values()
    values = {}
    for name in sorted(known.keys() & given.keys()):
        try:
            values[known[name].name] = known[name].metadata["parse"](given[name].strip())
        except ValueError as error:
            problems.append(f"{name} must be {error}.")
        except OSError as error:  # of a file that it names
            problems.append(f"{name} cannot be read: {error.strerror}.")
    return values, (known.keys() & given.keys()) | unread.keys(), problems
