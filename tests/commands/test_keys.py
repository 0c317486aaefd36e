"""`cpor keys`: ids and never keys; what is needed is not retired; files are changed whole or not at all."""

import json
import os
import secrets
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy.orm import Session

from consent_links import key_id
from cpor_web import clock
from cpor_web.cli import cli
from cpor_web.commands.keys import MOST_CLAIMS, RINGS
from cpor_web.config import Settings, key_rings
from cpor_web.config.kinds import SHORTEST_KEY
from cpor_web.history import checkpoints
from cpor_web.keys.signing import SigningKeys
from cpor_web.programme import Programme
from tests.support import claims

NEW, OLD = secrets.token_urlsafe(32), secrets.token_urlsafe(32)


@pytest.fixture
def env(settings: Settings, committed: Session, tmp_path: Path) -> dict[str, str | None]:
    """Three rings of two keys in the environment."""
    return {
        "CPOR_DATABASE_URL": settings.database_url,
        "CPOR_DATA_DIR": str(tmp_path),
        "CPOR_SECRET_KEYS": ",".join(secrets.token_urlsafe(32) for _ in range(2)),
        "CPOR_CONSENT_KEYS": f"{NEW},{OLD}",
        "CPOR_SIGNING_KEYS": ",".join((secrets.token_urlsafe(32), *settings.signing_keys)),
    }


@pytest.fixture
def programme(programme: Programme) -> Programme:
    """The programme of when the older key signed."""
    return replace(programme, link_keys=(key_id(OLD),))


def cpor(env: dict[str, str | None], *arguments: str) -> Result:
    result = CliRunner().invoke(cli, ["keys", *arguments], env=env)
    for name, ring in env.items():
        if name.endswith("_KEYS"):
            assert not [key for key in (ring or "").split(",") if key and key in result.output], "a key was shown"
    return result


def ids(env: dict[str, str | None], name: str) -> tuple[str, ...]:
    return key_rings.read({key: value for key, value in env.items() if value}, name).ids


def open_claim(session: Session, programme: Programme) -> str:
    claim = claims.running(session, programme, now=clock.utcnow())
    session.commit()
    return claim.reference


# new


def test_a_new_key_is_printed_and_fits_every_ring() -> None:
    made = [CliRunner().invoke(cli, ["keys", "new"]).output.strip() for _ in range(20)]

    assert len(set(made)) == 20
    for key in made:
        assert len(key) >= SHORTEST_KEY
        SigningKeys([key])


def test_a_new_key_of_cpor_up_is_put_in_front_of_its_file(tmp_path: Path) -> None:
    file = tmp_path / "consent_keys.txt"
    file.write_text("o" * 43)
    env = {"CPOR_DATA_DIR": str(tmp_path), "CPOR_CONSENT_KEYS": None}
    told = cpor(env, "new", "consent")

    newest, oldest = file.read_text().split(",")
    assert (told.exit_code, oldest) == (0, "o" * 43)
    assert key_id(newest) in told.output
    assert newest not in told.output
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


def test_a_new_key_for_a_ring_of_the_environment_is_put_there_by_its_owner(env: dict[str, str | None]) -> None:
    told = cpor(env, "new", "consent")

    assert told.exit_code == 2
    assert "CPOR_CONSENT_KEYS" in told.output


# list


def test_the_list_has_the_ids_of_every_ring_and_what_they_signed(
    env: dict[str, str | None], committed: Session, programme: Programme
) -> None:
    open_claim(committed, programme)
    told = cpor(env, "list")

    assert told.exit_code == 0, told.output
    for name in RINGS:
        for id in ids(env, name):
            assert id in told.output
    assert f"{ids(env, 'consent')[0]}  signs  mails with its links: none" in told.output
    assert f"{ids(env, 'consent')[1]}  older  mails with its links: 1 needed" in told.output


def test_the_list_counts_the_checkpoints_of_each_signing_key(
    env: dict[str, str | None], committed: Session, settings: Settings
) -> None:
    every, keys = timedelta(hours=1), SigningKeys(settings.signing_keys)
    assert checkpoints.take_due(committed, keys=keys, now=clock.utcnow(), every=every)
    committed.commit()

    assert f"{ids(env, 'signing')[1]}  older  checkpoints: 1" in cpor(env, "list").output


def test_a_mail_whose_key_nobody_noted_is_listed(
    env: dict[str, str | None], committed: Session, programme: Programme
) -> None:
    claim = claims.running(committed, programme)
    claims.mail_of(committed, claim, "consent-notice").key_id = None
    committed.commit()

    assert "By a key that nobody noted then, mails with its links: 1 needed" in cpor(env, "list").output


# retire


def test_a_key_of_an_open_round_is_not_retired(
    env: dict[str, str | None], committed: Session, programme: Programme
) -> None:
    reference = open_claim(committed, programme)
    told = cpor(env, "retire", ids(env, "consent")[1])

    assert told.exit_code == 1
    assert reference in told.output
    assert "take" not in told.output


def test_a_key_whose_mails_can_still_come_back_is_not_retired_where_reports_are_read(
    env: dict[str, str | None], committed: Session, programme: Programme
) -> None:
    claim = claims.denied(committed, programme, now=clock.utcnow() - timedelta(days=60))
    claims.mail_of(committed, claim, "consent-notice").ended_at = clock.utcnow() - timedelta(days=6)
    committed.commit()
    told = cpor(env | {"CPOR_RETURN_ADDRESS": "returns@vendor.example.com"}, "retire", ids(env, "consent")[1])

    assert told.exit_code == 1
    assert "can still come back" in told.output
    assert "take key" not in told.output
    assert cpor(env | {"CPOR_RETURN_ADDRESS": None}, "retire", ids(env, "consent")[1]).exit_code == 0


def test_very_many_claims_are_not_all_listed(
    env: dict[str, str | None], committed: Session, programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "cpor_web.commands.key_use.claims_that_need", lambda *_a, **_k: ["K7QM-2RXD"] * (MOST_CLAIMS + 3)
    )
    told = cpor(env, "retire", ids(env, "consent")[1])

    assert told.output.count("K7QM-2RXD") == MOST_CLAIMS
    assert "and 3 more" in told.output


def test_a_key_that_nothing_needs_is_said_to_be_taken_out_of_its_setting(env: dict[str, str | None]) -> None:
    told = cpor(env, "retire", ids(env, "consent")[1])

    assert told.exit_code == 0, told.output
    assert "take key 2 of 2, counted from the left, out of CPOR_CONSENT_KEYS" in told.output


def test_links_of_closed_rounds_that_end_are_told(
    env: dict[str, str | None], committed: Session, programme: Programme
) -> None:
    claims.denied(committed, programme, now=clock.utcnow() - timedelta(days=60))
    committed.commit()
    told = cpor(env, "retire", ids(env, "consent")[1])

    assert told.exit_code == 0, told.output
    assert "Links of closed rounds end with it, mails: 1." in told.output


@pytest.mark.parametrize("name", RINGS)
def test_the_key_that_signs_is_never_retired(env: dict[str, str | None], name: str) -> None:
    told = cpor(env, "retire", ids(env, name)[0])

    assert told.exit_code == 1
    assert "Put a new one in front" in told.output


def test_a_key_that_is_in_no_ring_is_told_to_be_in_none(env: dict[str, str | None]) -> None:
    assert cpor(env, "retire", "0badc0de").exit_code == 2


def test_of_a_signing_key_all_is_given_that_verifies_what_it_and_the_newer_ones_signed(
    env: dict[str, str | None],
) -> None:
    told = cpor(env, "retire", ids(env, "signing")[1])

    assert told.exit_code == 0, told.output
    (line,) = [line for line in told.output.splitlines() if line.startswith("{")]
    ring = (env["CPOR_SIGNING_KEYS"] or "").split(",")
    assert json.loads(line)["keys"] == SigningKeys(ring).published()


def test_a_session_key_is_retired_without_more_ado(env: dict[str, str | None]) -> None:
    assert "out of CPOR_SECRET_KEYS" in cpor(env, "retire", ids(env, "secret")[1]).output


def test_a_key_of_cpor_up_is_taken_out_of_its_file(env: dict[str, str | None], tmp_path: Path) -> None:
    file = tmp_path / "consent_keys.txt"
    file.write_text(env["CPOR_CONSENT_KEYS"] or "")
    env = {**env, "CPOR_CONSENT_KEYS": None}
    told = cpor(env, "retire", ids(env, "consent")[1])

    assert told.exit_code == 0, told.output
    assert file.read_text() == NEW
    assert str(file) in told.output


# The files


def test_a_file_that_cannot_be_replaced_stays_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "consent_keys.txt"
    file.write_text("o" * 43)

    def fails(_descriptor: int) -> None:
        raise OSError(28, "the disk is full")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(OSError, match="full"):
        key_rings.write(file, ["n" * 43])

    assert file.read_text() == "o" * 43
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


def test_the_environment_comes_before_the_file(tmp_path: Path) -> None:
    (tmp_path / "consent_keys.txt").write_text("o" * 43)
    environ = {"CPOR_DATA_DIR": str(tmp_path), "CPOR_CONSENT_KEYS": "n" * 43}

    assert key_rings.read(environ, "consent").keys == ("n" * 43,)
    assert key_rings.read({"CPOR_DATA_DIR": str(tmp_path)}, "consent").keys == ("o" * 43,)
    assert key_rings.read({"CPOR_DATA_DIR": str(tmp_path)}, "signing").keys == ()


def test_without_a_database_it_says_what_is_missing(tmp_path: Path) -> None:
    told = cpor({"CPOR_DATA_DIR": str(tmp_path), "CPOR_DATABASE_URL": None}, "list")

    assert told.exit_code == 2
    assert "CPOR_DATABASE_URL" in told.output
