"""The wheel stands alone: installed into an empty environment, from another folder, it is the whole program."""

import os
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cpor_web.config import PREFIX
from cpor_web.config.kinds import SHORTEST_KEY
from cpor_web.embedded import processes
from cpor_web.rules.languages import LANGUAGES
from tests.support.person import Person
from tests.support.servers import Servers, free_port

ROOT = Path(__file__).parent.parent
BUILD_SECONDS = 300
WITHIN = 300.0
LIBRARIES = Path(pytest.__file__).parent.parent
"""Where this environment's packages are. Named in PYTHONPATH, the link back to the checkout is not followed."""

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built of this checkout without the network."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=BUILD_SECONDS)
    assert built.returncode == 0, built.stderr
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that has the wheel and nothing else; its folder."""
    folder = tmp_path_factory.mktemp("elsewhere") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=BUILD_SECONDS)
    (site,) = folder.glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(site)
    return folder


@pytest.fixture(scope="module")
def env(running: Servers, worker_number: int, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the installed program is told: the settings of production, the secrets in files."""
    folder, port = tmp_path_factory.mktemp("secrets"), free_port()
    secrets = {
        "CPOR_SECRET_KEYS": "s" * SHORTEST_KEY,
        "CPOR_CONSENT_KEYS": "c" * SHORTEST_KEY,
        "CPOR_SIGNING_KEYS": "A" * 43,
        "CPOR_DATABASE_URL": running.new_database(f"cpor_wheel_{worker_number}"),
        "CPOR_REDIS_URL": running.redis_url(worker_number),
    }
    for name, text in secrets.items():
        (folder / name).write_text(f"{text}\n")
    clean = {name: text for name, text in os.environ.items() if not name.startswith((PREFIX, "PYTHON"))}
    return {
        **clean,
        **{f"{name}_FILE": str(folder / name) for name in secrets},
        "CPOR_PUBLIC_URL": "https://cpor.vendor.example.com",
        "CPOR_PORT": str(port),
        "CPOR_DATA_DIR": str(folder / "data"),
        "PYTHONPATH": str(LIBRARIES),
    }


@pytest.fixture(scope="module")
def run(installed: Path, env: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run the installed command in a folder that has nothing in it."""
    cwd = tmp_path_factory.mktemp("nowhere")

    def cpor(*arguments: str, typed: str = "") -> "subprocess.CompletedProcess[str]":
        command = [str(installed / "bin" / "python"), "-m", "cpor_web", *arguments]
        return subprocess.run(
            command, cwd=cwd, env=env, input=typed, capture_output=True, text=True, check=False, timeout=BUILD_SECONDS
        )

    assert cpor("db", "upgrade").stdout == "The database is up to date.\n"
    return cpor


@pytest.fixture
def served(installed: Path, env: dict[str, str], run: Run, tmp_path: Path) -> Iterator[Person]:
    """Somebody in front of the pages that the installed program serves."""
    command = [str(installed / "bin" / "python"), "-m", "cpor_web", "web"]
    with (tmp_path / "log").open("wb") as log:
        web = processes.start(command, output=log, cwd=tmp_path, env=env)
    person = Person(f"http://127.0.0.1:{env['CPOR_PORT']}")
    try:
        until = time.monotonic() + WITHIN
        while not _answers(person):
            assert web.poll() is None, (tmp_path / "log").read_text()
            assert time.monotonic() < until, "the web does not answer"
            time.sleep(0.05)
        yield person
    finally:
        processes.stop(web, within=WITHIN)


def _answers(person: Person) -> bool:
    try:
        return person.open("/healthz").status == 200
    except OSError:
        return False


def test_the_wheel_has_all_that_is_read_at_run_time_and_nothing_of_the_workshop(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    sources = {
        path.relative_to(ROOT) for folder in ("templates", "migrations") for path in (ROOT / folder).rglob("*")
    }
    read = {f"cpor_web/{path.as_posix()}" for path in sources if path.suffix not in {"", ".pyc"}}
    read |= {f"cpor_web/translations/{tag}/LC_MESSAGES/messages.mo" for tag in LANGUAGES if tag != "en"}
    read |= {"cpor_web/static/app.css", "jobs/worker.py", "consent_links/py.typed"}
    assert read <= names
    (entries,) = (name for name in names if name.endswith("entry_points.txt"))
    assert "cpor = cpor_web.cli:main" in zipfile.ZipFile(wheel).read(entries).decode()
    rooms = {name.partition("/")[0] for name in names}
    assert {room for room in rooms if not room.endswith(".dist-info")} == {"cpor_web", "jobs", "consent_links"}
    assert not [name for name in names if re.search(r"__pycache__|\.pyc$|test_", name)]


def test_the_command_runs_from_anywhere_and_from_the_wheel_alone(
    run: Run, installed: Path, env: dict[str, str]
) -> None:
    assert "Commands:" in run("--help").stdout
    assert "CPOR_SECRET_KEYS" in run("settings").stdout
    where = subprocess.run(
        [
            str(installed / "bin" / "python"),
            "-c",
            "import cpor_web, jobs.app; print(cpor_web.__file__, jobs.__file__)",
        ],
        env=env,
        cwd=installed,
        capture_output=True,
        text=True,
        check=True,
    )
    assert all(path.startswith(str(installed)) for path in where.stdout.split()), where.stdout


def test_the_first_administrator_is_added_with_a_password(run: Run) -> None:
    words = ("ada@vendor.example.com", "--name", "Ada Administrator", "--role", "administrator", "--ask-password")
    password = "nine wet umbrellas in the hall"
    added = run("user", "add", *words, typed=f"{password}\n{password}\n")
    assert added.returncode == 0, added.stderr


def test_its_pages_are_served_with_their_assets_and_in_every_language(served: Person) -> None:
    assert served.open("/login").sees("Sign in")
    styles = [str(link["href"]) for link in served.page("link", rel="stylesheet")]
    assert styles
    for style in styles:
        assert served.open(style).status == 200
    titles = set()
    for language in LANGUAGES:
        served.open(f"/d/cut-token?lang={language}")
        titles.add(str(served.page.h1))
    assert len(titles) == len(LANGUAGES)
