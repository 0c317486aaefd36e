"""`cpor consent verify`: genuine or not, offline, with what it tells in lines that cannot steer a terminal."""

import json
import secrets
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy.orm import Session

from cpor_web.cli import cli
from cpor_web.consent import sealing
from cpor_web.consent.record import Copy, record_of
from cpor_web.keys.signing import SigningKeys
from cpor_web.programme import Programme
from tests.support import claims
from tests.support.claims import NOW

SEED = secrets.token_urlsafe(32)
KEYS = SigningKeys([SEED])


@pytest.fixture
def record(db_session: Session, programme: Programme) -> dict[str, Any]:
    claim = claims.denied(db_session, programme)
    db_session.flush()
    return record_of(db_session, claim, Copy.PARTNER, now=NOW, programme=programme)


@pytest.fixture
def file(tmp_path: Path, record: dict[str, Any]) -> Path:
    path = tmp_path / "record.json"
    path.write_text(json.dumps(sealing.seal(record, KEYS)))
    return path


@pytest.fixture
def published(tmp_path: Path) -> Path:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"algorithm": "Ed25519", "keys": KEYS.published()}))
    return path


def verify(*arguments: object, env: dict[str, str] | None = None, typed: str = "") -> Result:
    about: dict[str, str | None] = {"CPOR_SIGNING_KEYS": None, "CPOR_DATA_DIR": "/nowhere", **(env or {})}
    return CliRunner().invoke(cli, ["consent", "verify", *map(str, arguments)], env=about, input=typed)


def test_a_genuine_record_is_told_offline_with_a_file_of_keys(
    file: Path, published: Path, record: dict[str, Any]
) -> None:
    told = verify(file, "--keys", published)

    assert told.exit_code == 0, told.output
    assert told.output.startswith(f"Genuine: signed with the key {next(iter(KEYS.public))}")
    for words in (
        record["claim"]["reference"],
        "Contoso",
        "Intune, Teams",
        "denied, Not our partner",
        "23:59:59 CET",
    ):
        assert words in told.output


def test_by_default_it_is_verified_with_the_installations_own_ring(file: Path) -> None:
    assert verify(file, env={"CPOR_SIGNING_KEYS": SEED}).exit_code == 0
    assert verify(file, env={"CPOR_SIGNING_KEYS": f"{secrets.token_urlsafe(32)},{SEED}"}).exit_code == 0


def test_the_ring_of_cpor_up_is_found_in_its_data_folder(file: Path, tmp_path: Path) -> None:
    (tmp_path / "signing_keys.txt").write_text(SEED)

    assert verify(file, env={"CPOR_DATA_DIR": str(tmp_path)}).exit_code == 0


def test_a_record_is_read_from_standard_input_too(file: Path, published: Path) -> None:
    assert verify("-", "--keys", published, typed=file.read_text()).exit_code == 0


def test_a_changed_record_is_told_to_be_changed(file: Path, published: Path) -> None:
    file.write_text(file.read_text().replace('"denied"', '"passed"'))
    told = verify(file, "--keys", published)

    assert told.exit_code == 1
    assert "changed after it was signed" in told.output
    assert "Contoso" not in told.output


def test_a_strangers_record_is_told_to_be_one(file: Path) -> None:
    told = verify(file, env={"CPOR_SIGNING_KEYS": secrets.token_urlsafe(32)})

    assert (told.exit_code, "None of the known keys" in told.output) == (1, True)


def test_what_is_no_record_is_told_to_be_none(tmp_path: Path, published: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text(published.read_text())

    assert verify(other, "--keys", published).exit_code == 1


@pytest.mark.parametrize("keys", ["", "{}", "[]", '{"keys": {"x": "AAAA"}}', '{"keys": 3}', '{"keys": {"x": 3}}'])
def test_keys_that_cannot_be_read_are_another_matter(file: Path, tmp_path: Path, keys: str) -> None:
    place = tmp_path / "bad.json"
    place.write_text(keys)
    told = verify(file, "--keys", place)

    assert told.exit_code == (1 if keys == "{}" else 2), told.output
    assert not isinstance(told.exception, ValueError | TypeError | AttributeError)


def test_without_a_file_or_a_ring_it_says_what_is_missing(file: Path, tmp_path: Path) -> None:
    assert verify(tmp_path / "none.json").exit_code == 2
    told = verify(file)
    assert (told.exit_code, "--keys" in told.output) == (2, True)
    assert verify(file, "--keys", tmp_path / "none.json").exit_code == 2
    assert verify(file, env={"CPOR_SIGNING_KEYS": "short"}).exit_code == 2


def test_what_people_typed_cannot_steer_a_terminal(tmp_path: Path, published: Path, record: dict[str, Any]) -> None:
    record["claim"]["customer"] = "Contoso\x1b[2J\x07\u202e"
    path = tmp_path / "record.json"
    path.write_text(json.dumps(sealing.seal(record, KEYS)))
    told = verify(path, "--keys", published)

    assert told.exit_code == 0
    assert "Contoso[2J" in told.output
    assert all(character == "\n" or character.isprintable() for character in told.output)


@pytest.mark.parametrize("lost", ["rounds", "claim", "rules", "issued_at"])
def test_a_strange_record_of_a_known_key_is_answered_calmly(
    tmp_path: Path, published: Path, record: dict[str, Any], lost: str
) -> None:
    record[lost] = "strange"
    path = tmp_path / "record.json"
    path.write_text(json.dumps(sealing.seal(record, KEYS)))

    assert verify(path, "--keys", published).exit_code == 1


class Keys(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/keys" else 404)
        self.end_headers()
        self.wfile.write(json.dumps({"keys": KEYS.published()}).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Keys) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_keys_are_fetched_from_where_they_are_published(file: Path, site: str) -> None:
    assert verify(file, "--keys", f"{site}/keys").exit_code == 0
    assert verify(file, "--keys", f"{site}/elsewhere").exit_code == 2
    assert verify(file, "--keys", "http://127.0.0.1:9/keys").exit_code == 2
