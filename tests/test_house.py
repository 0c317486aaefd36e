"""House rules that no other tool checks: who may ask for the present request, and who may read which clock."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
AMBIENT = {"request", "session", "g", "current_app", "current_user"}
"""What Flask and its extensions know of the present request."""

CLOCKS = {"now", "utcnow", "today"}
LOWEST_OF_THE_PAGES = "claims"
"""The rooms from here on down are below the pages."""


def rooms_below_the_pages() -> list[str]:
    """Return the rooms of cpor_web that time, actor and session are handed to, by the order of imports."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (order,) = (c for c in settings["tool"]["importlinter"]["contracts"] if c.get("containers") == ["cpor_web"])
    rooms = [room.strip() for layer in order["layers"] for room in layer.split("|")]
    return rooms[rooms.index(LOWEST_OF_THE_PAGES) :]


def modules_of(room: str) -> Iterator[Path]:
    """Return the files of a room, which is a package or a module."""
    package = ROOT / "cpor_web" / room
    yield from package.rglob("*.py") if package.is_dir() else [package.with_suffix(".py")]


def ambient_names(tree: ast.AST) -> set[str]:
    """Return what a module takes from the present request: imported by name, or as an attribute of flask."""
    taken = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("flask"):
            taken |= {alias.name for alias in node.names} & (AMBIENT | {"*"})
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "flask":
            taken |= {node.attr} & AMBIENT
    return taken


def readings_of_a_clock(tree: ast.AST) -> set[str]:
    """Return every call such as `datetime.now(…)`, `date.today()` or `time.time()`."""
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    names = (ast.unparse(func) for func in calls if isinstance(func, ast.Attribute))
    return {
        name
        for name in names
        if name == "time.time" or (name.rpartition(".")[2] in CLOCKS and name.split(".")[-2] in {"datetime", "date"})
    }


@pytest.mark.parametrize("room", rooms_below_the_pages())
def test_below_the_pages_nobody_asks_for_the_present_request(room: str) -> None:
    for path in modules_of(room):
        assert not ambient_names(ast.parse(path.read_text(encoding="utf-8"))), path


@pytest.mark.parametrize("package", ["cpor_web", "jobs", "consent_links"])
def test_only_the_clock_reads_the_clock(package: str) -> None:
    readers = {
        path.relative_to(ROOT).as_posix(): found
        for path in (ROOT / package).rglob("*.py")
        if (found := readings_of_a_clock(ast.parse(path.read_text(encoding="utf-8"))))
    }

    assert readers.keys() <= {"cpor_web/clock.py", "cpor_web/embedded/mailbox.py"}, readers


def test_what_is_made_for_an_installation_is_made_at_its_time() -> None:
    """What was made at the tests' own moment has deadlines that are over one day, and the installation lapses it."""
    calls = (
        (path, node)
        for path in (ROOT / "tests").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("claims.")
    )
    forgotten = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path, call in calls
        if any(ast.unparse(each).endswith("installation.programme") for each in call.args)
        and not {"now", None} & {keyword.arg for keyword in call.keywords}  # None: in what is handed on with **
    ]
    assert not forgotten


def test_the_rooms_below_are_all_but_those_that_make_pages() -> None:
    below = set(rooms_below_the_pages())

    assert {"rules", "models", "emails", "lifecycle", "consent", "claims"} <= below
    assert not below & {"partners", "reviewers", "customers", "accounts", "current", "languages"}
    assert all(list(modules_of(room)) for room in below)


def test_the_walk_sees_every_way_to_the_request_and_to_the_clock() -> None:
    asking = ast.parse(
        "from flask import g as x\nimport flask\nflask.request\nfrom flask_security import current_user"
    )
    reading = ast.parse("datetime.now(UTC)\ndatetime.datetime.utcnow()\ndate.today()\ntime.time()\nclock.utcnow()")

    assert ambient_names(asking) == {"g", "request", "current_user"}
    assert readings_of_a_clock(reading) == {"datetime.now", "datetime.datetime.utcnow", "date.today", "time.time"}
    assert not ambient_names(ast.parse("from flask import Flask\nfrom cpor_web.models import session"))
