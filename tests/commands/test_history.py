"""`cpor history verify`: run as an operator runs it, on a whole history and on one that somebody touched."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from cpor_web.cli import cli
from cpor_web.config import PREFIX, Settings
from cpor_web.config.kinds import SHORTEST_KEY
from cpor_web.history import checkpoints
from cpor_web.keys.signing import SigningKeys
from cpor_web.models import Claim
from cpor_web.programme import Programme
from tests.support import claims

Verify = Callable[..., "subprocess.CompletedProcess[str]"]
STRANGER = SigningKeys(["B" * 42 + "A"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "outside"


@pytest.fixture
def claim(committed: Session, programme: Programme, settings: Settings, folder: Path) -> Claim:
    """A claim of some history, with a checkpoint, which is in the folder too."""
    claim, keys = claims.denied(committed, programme), SigningKeys(settings.signing_keys)
    checkpoints.take_due(committed, keys=keys, now=claims.NOW, every=claims.NOW - claims.NOW)
    checkpoints.put_outside(committed, folder, public=keys.public)
    committed.commit()
    return claim


@pytest.fixture
def verify(settings: Settings, folder: Path) -> Verify:
    """The command."""
    given = {
        "ENVIRONMENT": settings.environment,
        "SECRET_KEYS": "s" * SHORTEST_KEY,
        "CONSENT_KEYS": "c" * SHORTEST_KEY,
        "SIGNING_KEYS": settings.signing_keys[0],
        "PUBLIC_URL": settings.public_url,
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "DATA_DIR": str(settings.data_dir),
        "CHECKPOINTS_DIR": str(folder),
    }
    clean = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    env = clean | {f"{PREFIX}{name}": value for name, value in given.items()}

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "cpor_web", "history", "verify", *arguments]
        return subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=300)

    return run


def tamper(engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text(statement))


def test_a_whole_history_ends_with_zero_and_says_what_it_cannot_know(verify: Verify, claim: Claim) -> None:
    told = verify()
    assert (told.returncode, told.stderr) == (0, "")
    numbers = [line.split()[:2] for line in told.stdout.splitlines()[:3]]
    assert [name for name, _ in numbers] == ["Claims", "Events", "Checkpoints"]
    assert int(numbers[0][1]) == int(numbers[2][1]) == 1
    assert int(numbers[1][1]) > 5
    assert "Nothing was changed, removed, put in or written anew." in told.stdout
    assert "What this cannot know" in told.stdout


def test_checkpoints_that_lie_in_the_database_alone_are_said_to(verify: Verify, claim: Claim, folder: Path) -> None:
    assert "None of the checkpoints" not in verify().stdout
    shutil.rmtree(folder)
    told = verify()
    assert "None of the checkpoints lies outside the database" in told.stdout
    assert told.returncode == 0


def test_a_finding_names_claim_and_event_and_ends_with_one(verify: Verify, claim: Claim, engine: Engine) -> None:
    tamper(engine, "UPDATE events SET actor = 'Somebody else' WHERE position = 3")
    tamper(engine, "UPDATE checkpoints SET heads = '[]'")
    told = verify(claim.reference.lower().replace("-", " "))
    assert (told.returncode, told.stderr) == (1, "")
    lines = [line.split(maxsplit=2) for line in told.stdout.splitlines()]
    assert [claim.reference, "3", "who did it, or what it says, was changed"] in lines
    assert "differs between the database and outside" in told.stdout
    assert "3 findings." in told.stdout


def test_keys_that_were_kept_elsewhere_are_enough_and_others_are_not(
    verify: Verify, claim: Claim, settings: Settings, tmp_path: Path
) -> None:
    ours, theirs = tmp_path / "ours.json", tmp_path / "theirs.json"
    ours.write_text(json.dumps({"keys": SigningKeys(settings.signing_keys).published()}), encoding="utf-8")
    theirs.write_text(json.dumps(STRANGER.published()), encoding="utf-8")
    assert verify("--keys", str(theirs), "--keys", str(ours)).returncode == 0
    told = verify("--keys", str(theirs))
    assert told.returncode == 1
    assert "none of the known keys has signed this" in told.stdout


@pytest.mark.parametrize("content", ["", "[]", '{"keys": {"a": "b"}}', '{"keys": 1}', '{"keys": {"a": 1}}'])
def test_a_file_without_keys_is_refused_in_a_sentence(tmp_path: Path, content: str) -> None:
    (tmp_path / "keys.json").write_text(content, encoding="utf-8")
    told = CliRunner().invoke(cli, ["history", "verify", "--keys", str(tmp_path / "keys.json")])
    assert told.exit_code == 2
    assert "does not hold public keys as /keys shows them." in told.output


def test_a_reference_that_is_none_is_refused_in_a_sentence(verify: Verify, claim: Claim) -> None:
    told = verify("2222-2222")
    assert told.returncode == 2
    assert "There is no claim 2222-2222." in told.stderr
