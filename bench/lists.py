"""Long lists: the partner's dashboard, the review queue, the search, and that none of it grows with the claims."""

import base64
import json
import time
from collections.abc import Callable, Iterator, Sequence
from statistics import median
from typing import LiteralString

from psycopg import Connection

from bench import data
from bench.denying import press
from bench.house import House, Place
from bench.rows import Row, interleaved
from bench.wire import Line
from cpor_web import clock
from cpor_web.database.keyset import FAR
from cpor_web.lists import own
from cpor_web.models import User

DASHBOARD: LiteralString = "SELECT * FROM claims WHERE partner_id = 1 AND id < 9999999 ORDER BY id DESC LIMIT 26"
QUEUE: LiteralString = "SELECT * FROM claims WHERE due_at IS NOT NULL ORDER BY due_at, id LIMIT 26"
SEARCH: LiteralString = """
    SELECT claims.* FROM bench_words JOIN claims USING (id)
    WHERE words @@ to_tsquery('simple', %(query)s) AND partner_id = 1 ORDER BY id DESC LIMIT 26
"""
WORDS: LiteralString = """
    CREATE TABLE IF NOT EXISTS bench_words AS
        SELECT c.id, to_tsvector('simple', concat_ws(' ', c.name, c.customer_name, c.customer_domain, c.reference,
            c.tenant_id, replace(c.tenant_id::text, '-', ''), k.email)) AS words
        FROM claims c JOIN customer_contacts k ON k.claim_id = c.id;
    CREATE INDEX IF NOT EXISTS bench_words_found ON bench_words USING gin (words);
    CREATE TABLE IF NOT EXISTS bench_counters AS SELECT partner_id, count(*) FROM claims GROUP BY 1;
    ANALYZE bench_words
"""


def dashboard(house: House) -> Iterator[Row]:
    """Open the partner's first and last page; the limit is the bare keyset query and an empty Flask view."""
    place, number = house.place(), house.times(200)
    _last_rows = _cursor(3, FAR.isoformat(), -own.PAGE - 1)
    with place.connect() as connection, Line(house.bare) as empty:
        connection.execute(WORDS)
        with place.line(data.PARTNER_USER) as line:
            pages = {"first": "/claims", "last": f"/claims?after={_last_rows}"}
            limit = _bare_page(connection, empty, DASHBOARD, number)
            firsts = interleaved(limit, lambda: _half(lambda: _opened(line, pages["first"]), number))
            yield Row("the partner's dashboard, first page: p50", "ms", *firsts, 5)
            lasts = interleaved(limit, lambda: _half(lambda: _opened(line, pages["last"]), number))
            yield Row("the partner's dashboard, last page against the first: p50", "ms", firsts[1], lasts[1], 1.2)
        with place.session() as session:
            actor = session.get_one(User, 1).actor
            counted = interleaved(
                lambda: _half(lambda: connection.execute("SELECT * FROM bench_counters").fetchall(), number),
                lambda: _half(lambda: own.counts(session, actor, now=clock.utcnow()), number),
            )
            yield Row("the dashboard's counts, against a row of counters: p50", "ms", *counted, 10)


def queue(house: House) -> Iterator[Row]:
    """Open the review queue; the limit is the bare query and an empty Flask view."""
    place, number = house.place(), house.times(200)
    with place.connect() as connection, Line(house.bare) as empty, place.line(data.REVIEWER) as line:
        limit = _bare_page(connection, empty, QUEUE, number)
        found = interleaved(limit, lambda: _half(lambda: _opened(line, "/review"), number))
        yield Row("the review queue's first page: p50", "ms", *found, 5)


def search(house: House) -> Iterator[Row]:
    """Search by tenant, e-mail and name as the dashboard does; the limit is a bare query of prefixes."""
    place, number = house.place(), house.times(10)
    some = place.claims // 2 + 4
    wanted = {
        "tenant": (data.tenant(some), f"'{data.tenant(some)}':*"),
        "e-mail": (f"carla@customer{some}.example.com", f"'carla@customer{some}.example.com':*"),
        "name": (f"Claim {some}", f"claim & {some}:*"),
    }
    with place.connect() as connection, place.session() as session:
        connection.execute(WORDS)
        actor = session.get_one(User, 1).actor
        for name, (typed, query) in wanted.items():
            only = own.Wanted(search=typed, sort=own.Sort.NEWEST)
            assert own.dashboard(session, actor, only, now=clock.utcnow()).rows, f"nothing is found by {typed}"
            found = interleaved(
                lambda query=query: _half(  # type: ignore[misc]
                    lambda: connection.execute(SEARCH, {"query": query}).fetchall(), number
                ),
                lambda only=only: _half(  # type: ignore[misc]
                    lambda: own.dashboard(session, actor, only, now=clock.utcnow()), number
                ),
            )
            yield Row(f"search by {name}: p50", "ms", *found, 2)


def growth(house: House) -> Iterator[Row]:
    """Do the same with a hundredth of the claims (the limit) and with all of them."""
    few, many, number = house.place(house.claims // 100 + 200), house.place(), house.times(200)
    for title, path, email in (
        ("the customer's page", "", ""),
        ("the partner's dashboard", "/claims", data.PARTNER_USER),
        ("the review queue", "/review", data.REVIEWER),
    ):
        yield Row(f"growth a hundredfold: {title}", "ms", *_both(few, many, path, email, number), 1.3)
    denials = house.times(100)  # each takes a claim, of which the small place has few
    with few.line() as small, many.line() as large:
        denied = interleaved(
            lambda: _half_of(lambda claim: press(few, small, claim), few.take(denials)),
            lambda: _half_of(lambda claim: press(many, large, claim), many.take(denials)),
        )
        yield Row("growth a hundredfold: deny", "ms", *denied, 1.3)


def _both(few: Place, many: Place, path: str, email: str, number: int) -> tuple[list[float], list[float]]:
    lines = [place.line(email) for place in (few, many)]
    paths = [path or place.path(place.take(1)[0]) for place in (few, many)]
    with lines[0], lines[1]:
        for line, each in zip(lines, paths, strict=True):
            _opened(line, each)
        return interleaved(
            lambda: _half(lambda: _opened(lines[0], paths[0]), number),
            lambda: _half(lambda: _opened(lines[1], paths[1]), number),
        )


def _bare_page(connection: Connection, empty: Line, query: LiteralString, number: int) -> Callable[[], float]:
    def measured() -> float:
        asked = _half(lambda: connection.execute(query).fetchall(), number)
        return asked + _half(lambda: empty.get("/healthz"), number)

    return measured


def _opened(line: Line, path: str) -> None:
    answer = line.get(path)
    assert answer.status == 200, (path, answer)


def _half(work: Callable[[], object], number: int) -> float:
    """Return the milliseconds within which half of so many were done."""
    return _half_of(lambda _each: work(), range(number))


def _half_of(work: Callable[[int], object], on: Sequence[int]) -> float:
    took = []
    for each in on:
        began = time.perf_counter()
        work(each)
        took.append(1000 * (time.perf_counter() - began))
    return median(took)


def _cursor(*values: object) -> str:
    """Return the cursor of a row with these keys, as addresses have it."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")
