"""`cpor retention` and `cpor person`, as an operator runs them."""

import json
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from cpor_web.config import PREFIX, Settings
from cpor_web.config.kinds import SHORTEST_KEY
from cpor_web.models import Erasure, User
from tests.support import factories

ADDRESS = "wilhelmina.quist@fabrikam.example.org"


@pytest.fixture
def someone(committed: Session, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> User:
    given = {
        "ENVIRONMENT": settings.environment,
        "SECRET_KEYS": "s" * SHORTEST_KEY,
        "CONSENT_KEYS": "c" * SHORTEST_KEY,
        "SIGNING_KEYS": settings.signing_keys[0],
        "PUBLIC_URL": settings.public_url,
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "DATA_DIR": str(settings.data_dir),
    }
    for name, value in given.items():
        monkeypatch.setenv(f"{PREFIX}{name}", value)
    made = factories.user(committed, email=ADDRESS, name="Wilhelmina Quist")
    committed.commit()
    return made


def run(*arguments: str, answer: str = "") -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "cpor_web", *arguments]
    return subprocess.run(command, input=answer, capture_output=True, text=True, timeout=300, check=False)


def test_an_export_is_json_with_the_account(someone: User) -> None:
    found = json.loads(run("person", "export", ADDRESS.upper()).stdout)
    assert [each["email"] for each in found["account"]] == [ADDRESS]


def test_erasing_asks_back_and_then_does_it(someone: User, committed: Session) -> None:
    assert run("person", "erase", ADDRESS, "--reason", "asked for", answer="n\n").returncode == 1
    committed.refresh(someone)
    assert someone.active
    assert run("person", "erase", ADDRESS, "--reason", "asked for", answer="y\n").returncode == 0
    committed.refresh(someone)
    assert (someone.active, someone.name) == (False, "erased")
    shown = run("retention", "show")
    assert shown.returncode == 0
    assert "a person – asked for" in shown.stdout
    assert ADDRESS not in shown.stdout
    assert "730 days" in shown.stdout


def test_what_was_erased_is_told_in_utc_wherever_the_database_is(
    someone: User, committed: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    committed.add(Erasure(at=datetime(2026, 11, 16, 9, 0, tzinfo=UTC), what="a person", count=1, why="asked for"))
    committed.commit()
    monkeypatch.setenv("PGTZ", "Asia/Tokyo")
    assert "2026-11-16 09:00 UTC" in run("retention", "show").stdout
