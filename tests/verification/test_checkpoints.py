"""Checkpoints inside and outside the database are compared, and the ones outside are enough."""

import json
from pathlib import Path

import pytest

from cpor_web import history
from cpor_web.history import checkpoints
from cpor_web.keys.signing import SigningKeys
from cpor_web.rules.roles import SYSTEM
from tests.support.claims import NOW
from tests.verification.conftest import KEYS, Archive

CHANGED = "this was changed after it was signed"
UNKNOWN = "none of the known keys has signed this"


@pytest.fixture
def three(archive: Archive) -> Archive:
    """Three checkpoints, each over another event."""
    for _ in range(2):
        history.append(archive.session, archive.claim, "claim:edited", actor=SYSTEM, now=NOW)
        archive.checkpoint()
    return archive


def file(archive: Archive, number: int) -> Path:
    return checkpoints.path_of(archive.folder, number)


def test_three_checkpoints_are_whole(three: Archive) -> None:
    report = three.report()
    assert report.findings == []
    assert (report.checkpoints, report.outside, report.not_yet_outside) == (3, 3, 0)


@pytest.mark.parametrize(
    "change", ["heads = '[]'", "at = at + interval '1 second'", "previous = sha256('x')", "signature = '{}'"]
)
def test_a_changed_row_is_found(three: Archive, change: str) -> None:
    three.tamper(f"UPDATE checkpoints SET {change} WHERE number = 2")
    words = {what for where, _, what in three.found() if where == "checkpoint 2"}
    expected = UNKNOWN if "signature" in change else CHANGED
    assert words == {"differs between the database and outside", f"in the database: {expected}"}


@pytest.mark.parametrize("change", ["heads = '{\"a\": 1}'", "signature = '[]'"])
def test_a_row_that_is_no_checkpoint_any_more_is_found(three: Archive, change: str) -> None:
    three.tamper(f"UPDATE checkpoints SET {change} WHERE number = 2")
    assert "checkpoint 2" in {where for where, _, _ in three.found()}


def test_a_removed_row_is_found_by_its_file(three: Archive) -> None:
    three.tamper("DELETE FROM checkpoints WHERE number = 3")
    assert three.found() == {("checkpoint 3", None, "was removed from the database; it is there outside")}


def test_a_checkpoint_that_is_nowhere_any_more_is_found(three: Archive) -> None:
    three.tamper("DELETE FROM checkpoints WHERE number = 2")
    file(three, 2).unlink()
    assert three.found() == {("checkpoint 2", None, "is missing, in the database and outside it")}


def test_the_last_one_removed_everywhere_leaves_a_mark(three: Archive) -> None:
    three.tamper("DELETE FROM checkpoints WHERE number = 3")
    file(three, 3).unlink()
    marked = "is marked as covered by a checkpoint, and none has it"
    assert three.found() == {("claim", three.length(), marked)}


def test_a_removed_file_is_found_and_one_that_is_not_there_yet_is_none(three: Archive) -> None:
    file(three, 2).unlink()
    assert three.found() == {("checkpoint 2", None, "was removed outside the database; it is there inside")}
    file(three, 3).unlink()
    report = three.report()
    assert (report.findings, report.outside, report.not_yet_outside) == ([], 1, 2)


def test_checkpoints_that_changed_places_are_found(three: Archive) -> None:
    three.tamper("UPDATE checkpoints SET number = CASE number WHEN 2 THEN 13 ELSE 12 END WHERE number > 1")
    three.tamper("UPDATE checkpoints SET number = number - 10 WHERE number > 10")
    assert {where for where, _, _ in three.found()} == {"checkpoint 2", "checkpoint 3"}


def test_a_file_under_the_name_of_another_is_found(three: Archive) -> None:
    file(three, 2).write_bytes(file(three, 3).read_bytes())
    assert ("checkpoint 2", None, "outside the database: another document was put in its place") in three.found()


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b'{"checkpoint": 1, "signature": 2}', b"[" * 99_999])
def test_a_file_that_is_none_is_found(three: Archive, content: bytes) -> None:
    file(three, 2).write_bytes(content)
    assert three.found() == {("checkpoint 2", None, "outside the database: the file cannot be read")}


def test_a_changed_file_is_found(three: Archive) -> None:
    found = json.loads(file(three, 2).read_bytes())
    found["checkpoint"]["heads"][0][1] += 1
    file(three, 2).write_text(json.dumps(found), encoding="utf-8")
    assert ("checkpoint 2", None, f"outside the database: {CHANGED}") in three.found()


def test_a_checkpoint_signed_by_a_key_of_somebody_elses_is_found(archive: Archive) -> None:
    stranger = SigningKeys(["B" * 42 + "A"])
    archive.checkpoint(keys=stranger)
    assert {("checkpoint 2", None, f"in the database: {UNKNOWN}")} < archive.found()
    assert archive.found(public={**KEYS.public, **stranger.public}) == set()


def test_a_signed_checkpoint_that_does_not_follow_is_found(archive: Archive) -> None:
    history.append(archive.session, archive.claim, "claim:edited", actor=SYSTEM, now=NOW)
    two = archive.checkpoint(outside=False)
    document = {**checkpoints.document_of(two), "previous": "00" * 32}
    change = "UPDATE checkpoints SET previous = :previous, signature = CAST(:signature AS jsonb) WHERE number = 2"
    archive.tamper(change, previous=bytes(32), signature=json.dumps(KEYS.sign(document)))
    assert archive.found() == {("checkpoint 2", None, "does not follow from the checkpoint before")}


def test_whoever_rewrites_history_and_all_checkpoints_of_the_database_is_found_by_the_files(three: Archive) -> None:
    three.tamper("UPDATE events SET actor = 'Somebody else' WHERE claim_id = :claim AND position = 3")
    three.rechain(three.length())
    three.tamper("DELETE FROM checkpoints")
    three.tamper("DELETE FROM seals")
    three.taken = 0
    three.checkpoint(keys=SigningKeys(["B" * 42 + "A"]))
    found = three.found()
    assert ("claim", three.length() - 2, "is not what checkpoint 1 has signed: rewritten") in found
    assert ("checkpoint 1", None, f"in the database: {UNKNOWN}") in found
    assert ("checkpoint 3", None, "was removed from the database; it is there outside") in found


def test_without_the_files_an_unchanged_database_is_whole(three: Archive, tmp_path: Path) -> None:
    report = three.report(folder=tmp_path / "nowhere")
    assert (report.findings, report.outside, report.not_yet_outside) == ([], 0, 3)
