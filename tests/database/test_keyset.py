"""Cursors come from addresses: anybody can write one, and none of them may break a page."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import BigInteger, DateTime, Text, column, func, literal, select, values
from sqlalchemy.orm import Session

from cpor_web.database import keyset
from cpor_web.database.keyset import Key, Order

ROWS = [
    (1, "a", datetime(2026, 11, 1, tzinfo=UTC)),
    (2, "a", datetime(2026, 11, 1, tzinfo=UTC)),
    (3, "ß🙂", datetime(2026, 11, 1, 12, 0, 0, 1, tzinfo=UTC)),
    (4, "", keyset.FAR),
]
TABLE = values(
    column("id", BigInteger), column("word", Text), column("at", DateTime(timezone=True)), name="things"
).data(ROWS)
ORDER = Order((Key(func.lower(TABLE.c.word), str), Key(TABLE.c.at, datetime), Key(TABLE.c.id, int)))
FIRST = [4, 1]


def page(session: Session, order: Order = ORDER, size: int = 2, **cursors: str) -> keyset.Page[int]:
    return keyset.page(session, select(TABLE.c.id), order, size=size, **cursors)


def written(what: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(what).encode()).decode().rstrip("=")


def test_pages_follow_each_other_and_lead_back(db_session: Session) -> None:
    first = page(db_session)
    assert (first.rows, first.before) == (FIRST, None)
    second = page(db_session, after=first.after or "")
    assert (second.rows, second.after) == ([2, 3], None)
    assert page(db_session, before=second.before or "") == first


def test_a_descending_order_runs_the_other_way(db_session: Session) -> None:
    order = Order((Key(TABLE.c.id, int),), is_descending=True)
    first = page(db_session, order)
    second = page(db_session, order, after=first.after or "")
    assert (first.rows, second.rows) == ([4, 3], [2, 1])
    assert page(db_session, order, before=second.before or "") == first


def test_where_both_are_there_the_cursor_to_go_on_counts(db_session: Session) -> None:
    cursor = page(db_session).after or ""
    assert page(db_session, after=cursor, before=cursor) == page(db_session, after=cursor)


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "%",
        "é",
        "=" * 9,
        "A" * 5000,
        written([]),
        written({}),
        written(None),
        written(["a", "2026-11-01T00:00:00+00:00"]),
        written(["a", "2026-11-01T00:00:00+00:00", 1, 1]),
        written([1, 1, 1]),
        written(["a", "yesterday", 1]),
        written(["a", "0001-01-01T00:00:00+23:59", 1]),
        written(["a", "9999-12-31T23:59:59-23:59", 1]),
        written(["a", "2026-11-01T00:00:00+00:00", 2**63]),
        written(["a", "2026-11-01T00:00:00+00:00", -(2**63)]),
        written(["a", "2026-11-01T00:00:00+00:00", True]),
        written(["a", "2026-11-01T00:00:00+00:00", 1.5]),
        written(["\x00", "2026-11-01T00:00:00+00:00", 1]),
        written(["\ud800", "2026-11-01T00:00:00+00:00", 1]),
        base64.urlsafe_b64encode(b"[" * 2900).decode(),
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
        base64.urlsafe_b64encode(b"[NaN, Infinity, 1e999]").decode(),
    ],
)
def test_what_is_no_cursor_gives_the_first_page(db_session: Session, cursor: str) -> None:
    for where in ({"after": cursor}, {"before": cursor}):
        shown = page(db_session, **where)
        assert (shown.rows, shown.before) == (FIRST, None)


_anything: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.datetimes().map(datetime.isoformat),
    st.lists,
    max_leaves=4,
)


@given(values=st.lists(_anything, min_size=3, max_size=3), number=st.integers())
@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_whatever_is_written_into_a_cursor_some_page_is_shown(
    db_session: Session, values: list[Any], number: int
) -> None:
    for what in (values, ["a", *values[1:]], ["a", "2026-11-01T00:00:00+00:00", number]):
        assert set(page(db_session, after=written(what)).rows) <= {1, 2, 3, 4}
        assert set(page(db_session, before=written(what)).rows) <= {1, 2, 3, 4}


def test_a_cursor_behind_the_last_row_gives_the_first_page(db_session: Session) -> None:
    behind = written(["\U0010ffff", "2026-11-01T00:00:00+00:00", 1])
    assert page(db_session, after=behind) == page(db_session)


def test_an_empty_list_is_one_empty_page(db_session: Session) -> None:
    nothing = select(TABLE.c.id).where(literal(False))
    assert keyset.page(db_session, nothing, ORDER, size=2, after=written(["", "2026-11-01T00:00:00+00:00", 1])) == (
        keyset.Page([])
    )
