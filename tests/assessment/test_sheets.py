"""Tables of assessments: what waits goes out, results come back, nothing of a wrong one."""

import csv
import io
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.assessment import queries, sheets
from cpor_web.models import ERASED, Assessment, AssessmentState, Mail
from cpor_web.programme import Programme
from cpor_web.rules.exc import Invalid
from cpor_web.rules.roles import Actor, Role
from cpor_web.tables import NotImported
from tests.support.assessments import PASSED, deny, passed, undo

ADMIN = Actor(Role.ADMINISTRATOR, "Alex Darrow")
NOW = PASSED + timedelta(days=3)


@pytest.fixture
def by_csv(programme: Programme) -> Programme:
    return replace(programme, assessor="csv")


def take(session: Session, programme: Programme, table: str | bytes) -> int:
    raw = table.encode() if isinstance(table, str) else table
    session.flush()
    new, late = sheets.record(session, sheets.read(session, raw), actor=ADMIN, now=NOW, programme=programme)
    assert late == []
    return new


def problems(session: Session, programme: Programme, table: str | bytes) -> list[tuple[int, str, str]]:
    with pytest.raises(NotImported) as refused:
        take(session, programme, table)
    return [(each.row, each.column, str(each.what)) for each in refused.value.problems]


def test_what_waits_goes_out_filled_in_it_comes_back(db_session: Session, by_csv: Programme) -> None:
    first, second, ended = (passed(db_session, by_csv) for _ in range(3))
    deny(db_session, by_csv, ended.claim)
    db_session.flush()

    rows = list(sheets.waiting_rows(queries.waiting(db_session), by_csv.catalogue))
    assert [row[0] for row in rows] == [first.id, second.id]
    assert rows[0][sheets.WAITING_HEADER.index("products")] == "intune|teams"
    rows[0][-2:] = ["eligible", ""]
    rows[1][-2:] = ["Not-Eligible", "No usage. | Too late, alas."]
    written = io.StringIO()
    csv.writer(written, delimiter=";").writerows([sheets.WAITING_HEADER, *rows])
    table = b"\xef\xbb\xbf" + written.getvalue().encode()

    assert take(db_session, by_csv, table) == 2
    assert first.state is AssessmentState.ELIGIBLE
    assert (second.state, second.reasons) == (AssessmentState.NOT_ELIGIBLE, ["No usage.", "Too late, alas."])
    assert queries.waiting(db_session) == []
    assert len(db_session.scalars(select(Mail).where(Mail.kind == "assessment-result")).all()) == 2

    assert take(db_session, by_csv, table) == 0
    assert len(db_session.scalars(select(Mail).where(Mail.kind == "assessment-result")).all()) == 2


def test_a_table_comes_once_more_after_reasons_in_it_were_erased(db_session: Session, by_csv: Programme) -> None:
    record = passed(db_session, by_csv)
    table = f"assessment,state,reasons\n{record.id},not-eligible,No usage.|Carla said so.\n"
    assert take(db_session, by_csv, table) == 1
    record.reasons = ["No usage.", ERASED]
    assert take(db_session, by_csv, table) == 0


def test_rows_without_a_state_still_wait(db_session: Session, by_csv: Programme) -> None:
    record = passed(db_session, by_csv)

    assert take(db_session, by_csv, f"assessment,state,reasons\n{record.id},,\n\n") == 0
    assert record.state is AssessmentState.QUEUED


def test_only_rows_with_a_result_count_towards_how_many_are_taken_at_once(
    db_session: Session, by_csv: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "MOST_RESULTS", 2)
    one, two = passed(db_session, by_csv), passed(db_session, by_csv)
    table = f"assessment,state,reasons\n1,,\n2,,\n3,,\n{one.id},eligible,\n4,,\n{two.id},eligible,\n5,,\n"

    assert problems(db_session, by_csv, f"{table}6,eligible,\n") == [(9, "", "At most 2 results at once.")]
    assert take(db_session, by_csv, table) == 2


def test_what_is_wrong_is_told_for_each_row_and_column_and_nothing_is_taken(
    db_session: Session, by_csv: Programme
) -> None:
    good, other = passed(db_session, by_csv), passed(db_session, by_csv)
    table = "\n".join(
        [
            "reasons,assessment,state",
            f",{good.id},eligible",
            ",x1,eligible",
            f",{other.id},perhaps",
            ",999999999,eligible",
            f"a||b,{other.id},not-eligible",
            f'"one\nand two",{other.id},not-eligible',
            f",{other.id},eligible",
            "why?,,",
            ",99999999999999999999999,eligible",
        ]
    )

    assert problems(db_session, by_csv, table) == [
        (3, "assessment", "This is not the number of an assessment."),
        (4, "state", "The state is eligible or not-eligible."),
        (5, "assessment", "There is no such assessment."),
        (6, "reasons", "A reason is a text that is not empty."),
        (8, "state", "This assessment has another result already; nothing was changed."),
        (9, "assessment", "This is not the number of an assessment."),
        (10, "assessment", "This is not the number of an assessment."),
    ]
    db_session.expire_all()
    assert {each.state for each in db_session.scalars(select(Assessment))} == {AssessmentState.QUEUED}


@pytest.mark.parametrize(
    ("table", "where"),
    [
        (b"", [(1, "assessment"), (1, "state"), (1, "reasons")]),
        (b"assessment,reasons\n", [(1, "state")]),
        (b'assessment,state,reasons\n1,eligible,"x"y\n', [(2, "")]),
        (b"assessment,state,reasons\n1,eligible,\x00\n", [(2, "reasons")]),
        (b"assessment,state,reasons\n" + b"1,eligible,\n" * 2001, [(2002, "")]),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_as_a_whole(
    db_session: Session, by_csv: Programme, table: bytes, where: list[tuple[int, str]]
) -> None:
    assert [each[:2] for each in problems(db_session, by_csv, table)] == where


def test_what_is_no_text_in_utf_8_is_no_table(db_session: Session, by_csv: Programme) -> None:
    with pytest.raises(Invalid, match="not a table in CSV, UTF-8"):
        take(db_session, by_csv, "assessment,state,reasons\n1,eligible,Größe\n".encode("latin-1"))


def test_corrections_go_out_once_each_in_their_order(db_session: Session, by_csv: Programme) -> None:
    record = passed(db_session, by_csv)
    deny(db_session, by_csv, record.claim)
    deny(db_session, by_csv, record.claim)
    undo(db_session, by_csv, record.claim)
    db_session.flush()

    rows = list(sheets.correction_rows(queries.corrections(db_session)))

    assert [row[1:4] for row in rows] == [
        [record.id, record.claim.reference, "ended"],
        [record.id, record.claim.reference, "restored"],
    ]
    assert [row[5] for row in rows] == ["denied", ""]
    assert len({row[0] for row in rows}) == 2
    assert rows == list(sheets.correction_rows(queries.corrections(db_session)))
