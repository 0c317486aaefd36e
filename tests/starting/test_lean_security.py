"""What a process imports when it starts, and what it leaves to those that need it."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from cpor_web.config import PREFIX
from cpor_web.config.kinds import SHORTEST_KEY

ROOT = Path(__file__).parents[2]

SETTINGS = {
    "CPOR_ENVIRONMENT": "development",
    "CPOR_SECRET_KEYS": "s" * SHORTEST_KEY,
    "CPOR_CONSENT_KEYS": "c" * SHORTEST_KEY,
    "CPOR_SIGNING_KEYS": "A" * 43,
    "CPOR_PUBLIC_URL": "http://127.0.0.1:8000",
    "CPOR_DATABASE_URL": "postgresql+psycopg://nobody@/nowhere?host=/nowhere",
    "CPOR_REDIS_URL": "redis://127.0.0.1:1/0",
}
PROVIDER = {
    "CPOR_OIDC_ISSUER": "https://id.example.com",
    "CPOR_OIDC_CLIENT_ID": "cpor",
    "CPOR_OIDC_DOMAINS": "example.com",
}
SELDOM = {
    "alembic",
    "authlib",
    "holidays",
    "icalendar",
    "joserfc",
    "puremagic",
    "redis",
    "requests",
    "rq",
    "segno",
    "webauthn",
}


def loaded_after(code: str, settings: Mapping[str, str] = SETTINGS) -> set[str]:
    """Run `code` in a process of its own; return the top names of all modules that it has then."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    told = f"import sys\n{code}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", told], env={**clean, **settings}, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_the_application_leaves_out_what_few_processes_need() -> None:
    loaded = loaded_after("import wsgi")
    assert "flask_security" in loaded
    assert loaded & SELDOM == set()


@pytest.mark.parametrize("first", ["cpor_web.models", "cpor_web.accounts.forms", "cpor_web.extensions", "jobs.mail"])
def test_whatever_is_imported_first_brings_flask_security_alone(first: str) -> None:
    loaded = loaded_after(f"import {first}")
    assert "flask_security" in loaded
    assert loaded & {"authlib", "webauthn"} == set()


READY = """
from datetime import date
import wsgi
from cpor_web.starting.loading import make_ready
from cpor_web.models import Base

def is_configured():
    return all(mapper.configured for mapper in Base.registry.mappers)

assert not is_configured()
make_ready(wsgi.app, today=date(2026, 7, 1))
assert is_configured()
assert "holidays.countries.germany" in sys.modules
"""


def test_how_tables_belong_together_is_worked_out_by_who_asks_one_and_all_is_loaded_before_work_begins() -> None:
    loaded = loaded_after(READY, SETTINGS | {"CPOR_COUNTRY": "DE"})
    assert {"puremagic", "redis", "rq"} <= loaded


def test_with_a_provider_what_speaks_with_it_is_there_before_anybody_signs_in() -> None:
    assert "authlib" in loaded_after("import wsgi", SETTINGS | PROVIDER)


def test_what_flask_security_does_without_can_be_imported_afterwards() -> None:
    without = {"authlib", "webauthn"}
    assert without <= loaded_after(f"import cpor_web.starting.lean_security, {', '.join(without)}")


def test_what_was_there_before_flask_security_stays() -> None:
    loaded_after("import webauthn as before, cpor_web.starting.lean_security, webauthn\nassert webauthn is before")
