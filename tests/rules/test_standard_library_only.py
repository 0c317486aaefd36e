import ast
import subprocess
import sys
from pathlib import Path

import pytest

import cpor_web.rules

PACKAGE = Path(cpor_web.rules.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
FORBIDDEN_CALLS = {"now", "utcnow", "today", "time", "open", "print", "input"}


def imported(tree: ast.AST) -> set[str]:
    """Return what a module imports anywhere, also within functions: rooms of ours in full, others by their top."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add("." * node.level + (node.module or ""))
    return {name if name.startswith("cpor_web") else name.partition(".")[0] or name for name in names}


def calls(tree: ast.AST) -> set[str]:
    """Return the last names of everything that is called."""
    called = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "") for func in called}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_the_rulebook_imports_the_standard_library_and_itself_alone(path: Path) -> None:
    foreign = imported(ast.parse(path.read_text(encoding="utf-8"))) - sys.stdlib_module_names

    assert all(name.startswith("cpor_web.rules.") for name in foreign), foreign


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_the_rulebook_reads_no_clock_and_no_file(path: Path) -> None:
    used = calls(ast.parse(path.read_text(encoding="utf-8"))) & FORBIDDEN_CALLS

    assert used <= ({"time"} if path.stem == "deadlines" else set())  # datetime.time, a time of day


def test_the_walk_sees_imports_of_every_form_and_calls_of_every_form() -> None:
    tree = ast.parse(
        "import a.b, c as d\nfrom e.f import g\nfrom . import h\ndef f():\n    import i\n    x.now()\nopen(1)"
    )

    assert imported(tree) == {"a", "c", "e", ".", "i"}
    assert calls(tree) == {"now", "open"}


def test_importing_every_rule_loads_no_framework() -> None:
    names = ", ".join(f"cpor_web.rules.{path.stem}" for path in MODULES if path.stem != "__init__")
    code = f"import sys, {names}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PACKAGE.parent.parent, capture_output=True, text=True, check=True
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}

    assert "cpor_web" in loaded
    assert not loaded & {"flask", "werkzeug", "sqlalchemy", "babel", "redis", "rq"}
