"""Every benchmark still works, and the table judges as it should. Nothing here looks at how long anything takes."""

from pathlib import Path

import pytest

from bench import rows
from bench.__main__ import BENCHMARKS, run
from bench.rows import Row, table


@pytest.fixture
def one_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "ROUNDS", 1)


@pytest.mark.usefixtures("one_round")
def test_every_benchmark_finds_a_figure_for_limit_and_ours(tmp_path: Path) -> None:
    found = run(list(BENCHMARKS), scale="tiny", folder=tmp_path)
    assert len({row.work for row in found}) == len(found) >= len(BENCHMARKS)
    assert [row.work for row in found if min(*row.limit, *row.ours) <= 0] == []


def test_a_rate_must_reach_its_goal_and_a_time_must_not_pass_it() -> None:
    assert Row("rate", "/s", [100, 100, 100], [29, 30, 31], 0.30).holds
    assert not Row("rate", "/s", [100, 100, 100], [29, 29, 31], 0.30).holds
    assert Row("time", "ms", [1, 1, 1], [3, 4, 9], 4).holds
    assert not Row("time", "ms", [1, 1, 1], [3, 5, 5], 4).holds
    assert Row("time", "ms", [100, 100, 100], [19, 20, 21], 20, absolute=True).holds


def test_the_table_says_so_where_the_limit_itself_was_unsteady() -> None:
    steady, unsteady = ([100.0, 110.0, 129.0], [100.0, 110.0, 131.0])
    lines = list(table([Row("one", "/s", steady, steady, 0.5), Row("two", "/s", unsteady, [9, 9, 9], 0.5)]))
    assert lines[1] == "one  · 110 /s · 110 /s  · 1.00 (1.00–1.00) · ≥ 0.5 · holds"
    assert lines[2].endswith("falls short (the limit's own rounds differ by 31%)")
