import ast
import doctest
import subprocess
import sys
from pathlib import Path

import pytest

import consent_links

PACKAGE = Path(consent_links.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))


def imported(tree: ast.AST) -> set[str]:
    """Return the top-level names that a module imports anywhere, also within functions."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add("consent_links" if node.level else (node.module or "").partition(".")[0])
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_imports_the_standard_library_and_itsdangerous_alone(path: Path) -> None:
    allowed = sys.stdlib_module_names | {"itsdangerous", "consent_links"}
    if path.name == "blueprint.py":
        allowed |= {"flask"}

    assert imported(ast.parse(path.read_text(encoding="utf-8"))) <= allowed


def test_the_walk_sees_imports_of_every_form() -> None:
    tree = ast.parse("import a.b, c as d\nfrom e.f import g\nfrom . import h\ndef f():\n    import i")

    assert imported(tree) == {"a", "c", "e", "i", "consent_links"}


def loaded_after(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PACKAGE.parent, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_importing_the_package_loads_no_framework_and_no_application() -> None:
    loaded = loaded_after("import consent_links, consent_links.exc, consent_links.links, consent_links.headers")

    assert "itsdangerous" in loaded
    assert not loaded & {"flask", "werkzeug", "cpor_web", "jobs"}


def test_the_blueprint_loads_flask_and_no_application() -> None:
    loaded = loaded_after("import consent_links.blueprint")

    assert "flask" in loaded
    assert not loaded & {"cpor_web", "jobs"}


def test_every_public_name_exists_and_is_documented() -> None:
    for name in consent_links.__all__:
        value = getattr(consent_links, name)
        assert not callable(value) or value.__doc__, name


def test_the_examples_in_the_documentation_are_true() -> None:
    result = doctest.testmod(consent_links)

    assert result.attempted >= 8
    assert result.failed == 0


def test_the_package_says_that_it_is_typed() -> None:
    assert (PACKAGE / "py.typed").is_file()
