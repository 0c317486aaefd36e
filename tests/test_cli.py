"""The command line: what an operator types, run as a process as they run it."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, create_engine, make_url, text

from cpor_web.cli import cli
from cpor_web.config import PREFIX, Settings, env_name
from cpor_web.config.kinds import SHORTEST_KEY
from tests.support.servers import Servers

Command = Callable[..., "subprocess.CompletedProcess[str]"]


def _run(env: Mapping[str, str], *arguments: str, typed: str = "") -> "subprocess.CompletedProcess[str]":
    clean = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return subprocess.run(
        [sys.executable, "-m", "cpor_web", *arguments],
        env={**clean, **env},
        input=typed,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.fixture(scope="module")
def env(running: Servers, worker_number: int) -> dict[str, str]:
    """The settings of an installation with an empty database."""
    return {
        "CPOR_ENVIRONMENT": "development",
        "CPOR_SECRET_KEYS": "s" * SHORTEST_KEY,
        "CPOR_CONSENT_KEYS": "c" * SHORTEST_KEY,
        "CPOR_SIGNING_KEYS": "A" * 43,
        "CPOR_PUBLIC_URL": "http://127.0.0.1:8000",
        "CPOR_DATABASE_URL": running.new_database(f"cpor_cli_{worker_number}"),
        "CPOR_REDIS_URL": running.redis_url(worker_number),
    }


@pytest.fixture(scope="module")
def cpor(env: dict[str, str]) -> Command:
    """The command, against a database with its tables."""
    upgraded = _run(env, "db", "upgrade")
    assert upgraded.stdout == "The database is up to date.\n", upgraded.stderr
    return lambda *arguments, **more: _run(env, *arguments, **more)


@pytest.fixture(scope="module")
def database(env: dict[str, str]) -> Iterator[Engine]:
    engine = create_engine(env["CPOR_DATABASE_URL"])
    yield engine
    engine.dispose()


def test_settings_tells_every_setting_with_its_meaning() -> None:
    told = CliRunner().invoke(cli, ["settings"])
    assert told.exit_code == 0
    for each in fields(Settings):
        assert re.search(rf"^{env_name(each)} +{re.escape(each.metadata['meaning'])}", told.output, re.MULTILINE)


def test_a_new_key_is_long_enough_and_another_one_each_time() -> None:
    keys = [CliRunner().invoke(cli, ["keys", "new"]).output.strip() for _ in range(2)]
    assert keys[0] != keys[1]
    assert all(len(key) >= SHORTEST_KEY and "," not in key for key in keys)


def test_all_that_is_wrong_with_the_settings_is_told_at_once_and_without_a_traceback() -> None:
    wrong = {"CPOR_PORT": "many", "CPOR_TIME_ZONE": "Mars/Olympus", "CPOR_PUBLIC_ULR": "https://x.example.com"}
    told = _run(wrong, "db", "upgrade")
    assert told.returncode == 1
    lines = told.stderr.splitlines()
    assert lines[0] == "The settings cannot be used:"
    named = {line.split()[0] for line in lines[1:]}
    assert named == {
        "CPOR_PORT",
        "CPOR_TIME_ZONE",
        "CPOR_PUBLIC_ULR",
        "CPOR_PUBLIC_URL",
        "CPOR_SECRET_KEYS",
        "CPOR_CONSENT_KEYS",
        "CPOR_SIGNING_KEYS",
        "CPOR_DATABASE_URL",
    }


def test_tables_of_a_newer_version_are_left_as_they_are_and_that_is_no_failure(
    cpor: Command, database: Engine
) -> None:
    """Whoever goes back to the version before starts it as ever, and Docker and `cpor up` ask for this first."""
    with database.begin() as connection:
        before = connection.scalar(text("SELECT version_num FROM alembic_version"))
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    told = cpor("db", "upgrade")
    with database.begin() as connection:
        left = connection.scalar(text("SELECT version_num FROM alembic_version"))
        connection.execute(text("UPDATE alembic_version SET version_num = :to"), {"to": before})
    assert (told.returncode, left) == (0, "9999"), told.stderr
    assert told.stdout == "The tables are of a newer version, with which this one works. Nothing was changed.\n"


def test_a_database_without_tables_is_told_in_a_sentence(
    env: dict[str, str], running: Servers, worker_number: int
) -> None:
    empty = {"CPOR_DATABASE_URL": running.new_database(f"cpor_cli_empty_{worker_number}")}
    told = _run(env | empty, "user", "add", "a@vendor.example.com", "--name", "A", "--role", "administrator")
    assert told.returncode == 1
    assert told.stderr.startswith("The database lacks tables of this version. Make them: cpor db upgrade. It says:\n")
    assert told.stderr.count("\n") == 2


@pytest.mark.parametrize("host", ["192.0.2.1", "nowhere.invalid"])
def test_an_address_that_this_machine_does_not_have_is_told_in_a_sentence(env: dict[str, str], host: str) -> None:
    told = _run(env | {"CPOR_HOST": host}, "web")
    assert told.returncode == 1
    assert told.stderr.splitlines()[-1].startswith(f"The pages cannot be served at {host}, port ")
    assert "Traceback" not in told.stderr


def test_a_role_without_the_rights_is_told_in_a_sentence(
    cpor: Command, env: dict[str, str], database: Engine, worker_number: int
) -> None:
    name = f"cpor_cli_{worker_number}"
    with database.begin() as connection:
        connection.execute(text(f"CREATE ROLE {name} LOGIN PASSWORD 'of the tests'"))
    try:
        url = make_url(env["CPOR_DATABASE_URL"]).set(username=name, password="of the tests")
        other = {"CPOR_DATABASE_URL": url.render_as_string(hide_password=False)}
        told = _run(env | other, "user", "add", "a@vendor.example.com", "--name", "A", "--role", "administrator")
    finally:
        with database.begin() as connection:
            connection.execute(text(f"DROP ROLE {name}"))
    assert told.returncode == 1
    assert told.stderr.startswith("This role of the database may not do that. ")
    assert "cpor db grant" in told.stderr
    assert told.stderr.endswith("  permission denied for table users\n")


def test_a_partner_is_added_with_its_mpn_ids(cpor: Command, database: Engine) -> None:
    told = cpor(
        "partner", "add", "Adatum", "--domain", "adatum.example.org", "--location", "4710001", "--global", "4710000"
    )
    assert (told.returncode, told.stdout) == (0, "Added Adatum.\n"), told.stderr
    statement = "SELECT number, kind FROM mpn_ids JOIN partners p ON p.id = partner_id WHERE p.name = 'Adatum'"
    with database.connect() as connection:
        assert set(connection.execute(text(statement)).all()) == {("4710001", "location"), ("4710000", "global")}

    again = cpor("partner", "add", "Adatum")
    assert again.returncode == 1
    assert again.stderr == "There is a partner of this name already.\n"


def test_somebody_is_added_and_invited(cpor: Command, database: Engine) -> None:
    added = cpor("user", "add", "rosa@vendor.example.com", "--name", "Rosa Reviewer", "--role", "reviewer")
    assert (added.returncode, added.stdout) == (0, "Added rosa@vendor.example.com.\n"), added.stderr
    with database.connect() as connection:
        mails = connection.execute(text("SELECT kind, to_address, state FROM mails")).all()
    assert [tuple(mail) for mail in mails] == [("invitation", "rosa@vendor.example.com", "queued")]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["x@vendor.example.com", "--role", "emperor"], "There is no role “emperor”."),
        (["x@vendor.example.com", "--role", "viewer"], "A partner's role needs its partner"),
        (["not an address", "--role", "reviewer"], "This is not an e-mail address."),
        (
            ["x@vendor.example.com", "--role", "viewer", "--partner", "Nobody Ltd"],
            "There is no partner of this name.",
        ),
    ],
)
def test_somebody_who_cannot_be_added_is_refused_with_a_sentence(
    cpor: Command, database: Engine, arguments: list[str], sentence: str
) -> None:
    told = cpor("user", "add", *arguments, "--name", "X")
    assert told.returncode == 1
    assert told.stderr.startswith(sentence)
    assert "Traceback" not in told.stderr
    with database.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM users WHERE name = 'X'")).scalar() == 0


def test_every_command_has_a_line_of_help() -> None:
    told = CliRunner().invoke(cli, ["--help"])
    assert told.exit_code == 0
    for name, command in cli.commands.items():
        assert command.help, f"{name} does not say what it does"
        assert name in told.output


def test_nobody_with_a_password_that_everybody_knows_is_made_in_production(
    cpor: Command, env: dict[str, str], database: Engine
) -> None:
    production = {"CPOR_ENVIRONMENT": "production", "CPOR_PUBLIC_URL": "https://cpor.example.com"}
    refused = _run(env | production, "sample")
    assert (refused.returncode, "not loaded in production" in refused.stderr) == (1, True), refused.stderr
    with database.connect() as connection:
        assert not connection.scalar(text("SELECT count(*) FROM users WHERE email = 'admin@vendor.example.com'"))
