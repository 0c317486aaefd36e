"""A changed, removed, inserted, moved or re-chained event is found, by whatever SQL it was done."""

import pytest

from cpor_web import history, verification
from cpor_web.rules.roles import SYSTEM
from tests.support.claims import NOW
from tests.verification.conftest import Archive

SAYS_OTHER = "who did it, or what it says, was changed"
UNFIT = "does not follow from the event before: what it is, when, or its place was changed"
REWRITTEN = "is not what checkpoint 1 has signed: rewritten"


def test_what_nobody_touched_is_whole(archive: Archive) -> None:
    report = archive.report()
    assert report.findings == []
    assert (report.claims, report.checkpoints, report.outside, report.uncovered) == (2, 1, 1, 0)
    assert report.events > archive.length() > 5
    assert report.newest == "2026-11-16T10:00:00.000000+00:00"


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("actor = 'Somebody else'", SAYS_OTHER),
        ("user_id = NULL", SAYS_OTHER),
        ("""data = '{"reason": "another"}'""", SAYS_OTHER),
        ("""data = ('{"a": 1' || repeat('0', 5000) || '}')::jsonb""", SAYS_OTHER),
        ("data = (repeat('[', 3000) || repeat(']', 3000))::jsonb", SAYS_OTHER),
        ("salt = sha256('x')::bytea", SAYS_OTHER),
        ("kind = 'claim:approved'", UNFIT),
        ("at = at - interval '1 microsecond'", UNFIT),
        ("at = 'infinity'", UNFIT),
        ("role = 'customer'", UNFIT),
        ("version = version + 1", UNFIT),
        ("is_internal = NOT is_internal", UNFIT),
        ("said = sha256('x')", f"{SAYS_OTHER}; {UNFIT}"),
    ],
)
def test_a_changed_event_is_found_where_it_is(archive: Archive, change: str, what: str) -> None:
    archive.tamper("ALTER TABLE events DROP CONSTRAINT events_digests_are_whole")
    archive.tamper(f"UPDATE events SET {change} WHERE claim_id = :claim AND position = 3")
    assert archive.found() == {("claim", 3, what)}


def test_a_removed_event_leaves_a_gap(archive: Archive) -> None:
    archive.tamper("DELETE FROM events WHERE claim_id = :claim AND position IN (4, 5)")
    assert archive.found() == {("claim", 4, "missing: 4 to 5")}


def test_a_cut_off_end_is_missed_by_the_head_and_by_the_checkpoint(archive: Archive) -> None:
    last = archive.length()
    archive.tamper("DELETE FROM events WHERE claim_id = :claim AND position = :last", last=last)
    gone = ("claim", last, "is gone; checkpoint 1 has signed it")
    assert archive.found() == {("claim", last, f"missing: {last}"), gone}


def test_an_end_that_was_cut_off_together_with_the_head_is_missed_by_the_checkpoint(archive: Archive) -> None:
    last = archive.length()
    archive.tamper("DELETE FROM events WHERE claim_id = :claim AND position = :last", last=last)
    archive.rechain(last - 1)
    assert archive.found() == {("claim", last, "is gone; checkpoint 1 has signed it")}


def test_an_event_that_was_put_between_does_not_fit(archive: Archive) -> None:
    archive.tamper("UPDATE events SET position = -position - 1 WHERE claim_id = :claim AND position >= 4")
    archive.tamper("UPDATE events SET position = -position WHERE claim_id = :claim AND position < 0")
    columns = "version, kind, at, role, actor, user_id, is_internal, data, salt, said, link"
    archive.tamper(
        f"INSERT INTO events (claim_id, position, {columns})"
        f" SELECT claim_id, 4, {columns} FROM events WHERE claim_id = :claim AND position = 3"
    )
    found = archive.found()
    assert {("claim", 4, UNFIT), ("claim", 5, UNFIT)} <= found
    assert ("claim", archive.length(), "was put behind the end of the history") in found


def test_an_event_put_behind_the_end_is_found(archive: Archive) -> None:
    columns = "version, kind, at, role, actor, user_id, is_internal, data, salt, said, link"
    last = archive.length()
    archive.tamper(
        f"INSERT INTO events (claim_id, position, {columns})"
        f" SELECT claim_id, :last + 1, {columns} FROM events WHERE claim_id = :claim AND position = 3",
        last=last,
    )
    assert ("claim", last + 1, "was put behind the end of the history") in archive.found()


def test_a_place_taken_twice_is_found(archive: Archive) -> None:
    archive.tamper("ALTER TABLE events DROP CONSTRAINT events_one_a_position")
    archive.tamper("UPDATE events SET position = 0 WHERE claim_id = :claim AND position = 2")
    archive.tamper("UPDATE events SET position = 3 WHERE claim_id = :claim AND position = 4")
    placed = "was put into the history: its position was taken, or is none"
    assert {("claim", 0, placed), ("claim", 3, placed)} <= archive.found()


def test_events_that_changed_places_are_found(archive: Archive) -> None:
    swap = "UPDATE events SET position = CASE position WHEN 3 THEN -4 ELSE -3 END WHERE claim_id = :claim"
    archive.tamper(f"{swap} AND position IN (3, 4)")
    archive.tamper("UPDATE events SET position = -position WHERE claim_id = :claim AND position < 0")
    assert {("claim", 3, UNFIT), ("claim", 4, UNFIT)} <= archive.found()


def test_an_event_of_another_claim_does_not_fit(archive: Archive) -> None:
    archive.tamper("DELETE FROM events WHERE claim_id = :claim AND position = 2")
    archive.tamper(
        "UPDATE events SET claim_id = :claim WHERE claim_id = :other AND position = 2", other=archive.other.id
    )
    assert archive.found() == {("claim", 2, UNFIT), ("claim", 3, UNFIT), ("other", 2, "missing: 2")}


def test_a_chain_computed_afresh_is_whole_but_not_what_was_signed(archive: Archive) -> None:
    archive.tamper("UPDATE events SET actor = 'Somebody else' WHERE claim_id = :claim AND position = 3")
    archive.rechain(archive.length())
    assert archive.found() == {("claim", archive.length(), REWRITTEN)}


def test_a_later_checkpoint_over_a_rewritten_chain_hides_nothing(archive: Archive) -> None:
    last = archive.length()
    archive.tamper("UPDATE events SET actor = 'Somebody else' WHERE claim_id = :claim AND position = 3")
    archive.rechain(last)
    history.append(archive.session, archive.claim, "claim:edited", actor=SYSTEM, now=NOW)
    archive.checkpoint()
    assert archive.found() == {("claim", last, REWRITTEN)}


def test_a_chain_computed_afresh_before_any_checkpoint_cannot_be_known(archive: Archive) -> None:
    history.append(archive.session, archive.claim, "claim:edited", actor=SYSTEM, now=NOW)
    last = archive.length()
    archive.tamper(
        "UPDATE events SET actor = 'Somebody else' WHERE claim_id = :claim AND position = :last", last=last
    )
    archive.rechain(last)
    assert archive.found() == set()
    assert archive.report().uncovered == 1


@pytest.mark.parametrize(
    ("change", "behind", "what"),
    [
        ("UPDATE history_heads SET link = sha256('x')", 0, "does not lead to the head of the history"),
        ("UPDATE history_heads SET position = position + 2", 1, "missing: {} to {}"),
        ("UPDATE history_heads SET position = position - 1", 0, "was put behind the end of the history"),
        ("DELETE FROM history_heads", None, "the head of the history is gone"),
        ("UPDATE seals SET position = position + 1", 1, "is marked as covered by a checkpoint, and none has it"),
    ],
)
def test_what_stands_beside_the_events_is_compared_too(
    archive: Archive, change: str, behind: int | None, what: str
) -> None:
    last = archive.length()
    archive.tamper(f"{change} WHERE claim_id = :claim")
    place = None if behind is None else last + behind
    assert archive.found() == {("claim", place, what.format(last + 1, last + 2))}


def test_events_whose_claim_was_removed_are_found(archive: Archive) -> None:
    number, other = archive.claim.id, archive.other.reference
    archive.tamper("DELETE FROM claims WHERE id = :claim")
    archive.session.expunge(archive.claim)
    findings = archive.report().findings
    assert [(found.where, found.position, found.what) for found in findings] == [
        (f"claim number {number}", None, "the claim is gone")
    ]
    assert archive.report(only=[other]).findings == []


def test_an_erasure_leaves_the_chain_whole(archive: Archive) -> None:
    history.erase(archive.session, archive.claim, [1, 3], actor=SYSTEM, now=NOW, why="its time is over")
    archive.checkpoint()
    report = archive.report()
    assert report.findings == []
    assert report.erased == 2


@pytest.mark.parametrize(
    ("erasure", "what"),
    [
        (
            "salt = NULL, actor = 'erased', user_id = NULL, data = '{}'",
            "was erased without an event that tells of it",
        ),
        ("salt = NULL", "its salt was removed"),
    ],
)
def test_an_erasure_by_hand_is_found(archive: Archive, erasure: str, what: str) -> None:
    archive.tamper("ALTER TABLE events DROP CONSTRAINT events_nothing_left_once_erased")
    archive.tamper(f"UPDATE events SET {erasure} WHERE claim_id = :claim AND position = 3")
    assert ("claim", 3, what) in archive.found()


def test_what_came_back_after_its_erasure_is_found(archive: Archive) -> None:
    kept = "CREATE TEMP TABLE kept ON COMMIT DROP AS SELECT * FROM events WHERE claim_id = :claim AND position = 3"
    archive.tamper(kept)
    history.erase(archive.session, archive.claim, [3], actor=SYSTEM, now=NOW, why="its time is over")
    archive.tamper(
        "UPDATE events SET salt = kept.salt, actor = kept.actor, user_id = kept.user_id, data = kept.data"
        " FROM kept WHERE events.id = kept.id"
    )
    assert archive.found() == {("claim", 3, "is said to be erased, and is not")}


def test_one_claim_alone_can_be_looked_at(archive: Archive) -> None:
    archive.tamper("UPDATE events SET kind = 'claim:lapsed' WHERE claim_id = :claim AND position = 3")
    assert archive.found(only=[archive.other.reference]) == set()
    report = archive.report(only=[archive.claim.reference])
    assert (report.claims, report.count, report.events) == (1, 1, archive.length())
    with pytest.raises(verification.UnknownClaims, match="2222-2222"):
        archive.report(only=["2222-2222", archive.claim.reference])


def test_thousands_of_findings_are_counted_and_some_are_kept() -> None:
    report = verification.Report()
    for number in range(3_000):
        report.add("claim", number, "was changed")
    assert (report.count, len(report.findings)) == (3_000, 1_000)
