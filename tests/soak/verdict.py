"""What is found when all is over: the table, and what in it must be zero."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from tests.soak import journal
from tests.soak.world import NOTICES, World


@dataclass(frozen=True)
class Line:
    """A line of the table. One that must be zero has the details of what is not."""

    name: str
    number: int
    must_be_zero: bool = False
    details: tuple[str, ...] = ()


def verdict(world: World) -> list[Line]:
    """Return the table."""
    copies = Counter(str(mail.message["Message-ID"]) for mail in world.smtp.mails)
    mails = world.installation.query("SELECT id, kind, state, message_id, repeats, answer FROM mails ORDER BY id")
    due = [mail for mail in mails if not (mail.state == "refused" and mail.message_id is None)]
    lines = [Line("actions", sum(world.done.values())), *_indented(world.done)]
    lines += [Line("  refused by the rules, or away", sum(world.refused.values()))]
    lines += [Line("faults", sum(world.struck.values())), *_indented(world.struck)]
    lines += [Line("mails due", len(due))]
    lines += [Line("  arrived", sum(copies[mail.message_id] > 0 for mail in due))]
    lines += [Line("  refused, somebody told", sum(mail.state == "refused" for mail in due))]
    lines += [Line("  in doubt for good, somebody told", sum(mail.state == "unknown" for mail in due))]
    lines += [Line("  arrived twice, as a fault allows", sum(copies[mail.message_id] > 1 for mail in due))]
    lines += [
        Line("windows closed", len(_closed(world))),
        Line("holdings", journal.number(world.installation, "held")),
    ]
    lines += [Line("  windows that were due when one began", world.held_up)]
    must_be_zero = {
        "mails lost": _lost(due, copies),
        "mails doubled beyond the allowed one a kill": _doubled(world, due, copies),
        "windows closed without a delivered notice": _unasked(world, copies),
        "windows closed or deadlines passed while held": _closed_while_held(world),
        "soaks that held up nothing": _never_held(world),
        "windows and deadlines left open": _left_open(world),
        "claims with two outcomes": _two_outcomes(world),
        "denials that were lost": _denials_lost(world),
    }
    return lines + [Line(name, len(found), True, tuple(found)) for name, found in must_be_zero.items()]


def _indented(counted: Counter[str]) -> Iterator[Line]:
    return (Line(f"  {name}", number) for name, number in sorted(counted.items()))


def _lost(due, copies) -> list[str]:  # type: ignore[no-untyped-def]
    """Said to be sent and not there, or neither sent nor given up."""
    return [
        f"{mail.kind} {mail.id}: {mail.state}"
        for mail in due
        if mail.state in {"queued", "deferred", "sending"}
        or (mail.state in {"sent", "bounced"} and not copies[mail.message_id])
    ]


def _doubled(world, due, copies) -> list[str]:  # type: ignore[no-untyped-def]
    """More copies than the one that is repeated in doubt, other copies than the first, more in doubt than faults."""
    known = {mail.message_id: mail for mail in due}
    found = [
        f"{known[key].kind if key in known else 'unknown'} {key}: {number} copies"
        for key, number in copies.items()
        if key not in known or number > 1 + known[key].repeats
    ]
    bytes_of: dict[str, set[bytes]] = {}
    for mail in world.smtp.mails:
        bytes_of.setdefault(str(mail.message["Message-ID"]), set()).add(mail.raw)
    found += [f"{key}: its copies differ" for key, texts in bytes_of.items() if len(texts) > 1]
    in_doubt = sum(mail.repeats for mail in due) + sum(mail.state == "unknown" for mail in due)
    beyond = max(0, in_doubt - world.may_be_doubled)
    return found + [f"{in_doubt} were in doubt, faults account for {world.may_be_doubled}"] * beyond


def _closed(world: World):  # type: ignore[no-untyped-def]
    return world.installation.query("SELECT id, claim_id, number, closed_at FROM rounds WHERE state = 'passed'")


def _unasked(world, copies) -> list[str]:  # type: ignore[no-untyped-def]
    """Somebody who counts had no notice seven full days before, or theirs had come back."""
    statement = """
        SELECT i.id, m.message_id, m.sent_at, m.bounced_at FROM invitations i LEFT JOIN mails m
        ON m.invitation_id = i.id AND m.kind = ANY(:notices) WHERE i.round_id = :round AND i.superseded_at IS NULL
    """
    found = []
    for closed in _closed(world):
        rows = world.installation.query(statement, notices=list(NOTICES), round=closed.id)
        latest = closed.closed_at - timedelta(days=7)
        asked = {
            row.id
            for row in rows
            if row.sent_at and row.sent_at <= latest and copies[row.message_id] and not _is_before(row, closed)
        }
        found += [f"claim {closed.claim_id}, contact {row.id}" for row in rows if row.id not in asked]
    return found


def _is_before(row, closed) -> bool:  # type: ignore[no-untyped-def]
    return row.bounced_at is not None and row.bounced_at < closed.closed_at


def _closed_while_held(world: World) -> list[str]:
    return [f"{row.what} {row.about} at {row.at}" for row in journal.closed_while_held(world.installation)]


def _never_held(world: World) -> list[str]:
    """Where nothing was ever due while it was held, that nothing was closed then says nothing."""
    return [] if world.held_up else ["no window was due while closing was held"]


def _left_open(world: World) -> list[str]:
    left = world.installation.query(
        """
        SELECT 'window', claim_id FROM rounds WHERE state = 'running' AND closes_at < :now AND reply_at IS NULL
        UNION ALL SELECT 'contact', claim_id FROM rounds WHERE state = 'stopped' AND contact_due_at < :now
        UNION ALL SELECT 'deadline', id FROM claims WHERE status = 'partner-action-required' AND due_at < :now
        """,
        now=world.now() - timedelta(minutes=5),
    )
    return [f"{what} of claim {number}" for what, number in left]


def _two_outcomes(world: World) -> list[str]:
    """A round that ended in two ways, an association ended twice, or a status that its last outcome does not fit."""
    ends = world.installation.query(
        """
        SELECT claim_id, data->>'round' AS round, array_agg(kind ORDER BY position) AS kinds FROM events
        WHERE kind IN ('consent:passed', 'consent:declined-by-silence')
           OR (kind = 'consent:denied' AND NOT (data->>'late')::bool)
        GROUP BY claim_id, data->>'round' HAVING count(*) > 1
        """
    )
    misfits = world.installation.query(
        """
        SELECT c.id, c.status, r.state FROM claims c JOIN rounds r ON r.claim_id = c.id
        WHERE (c.status = 'approved') <> (r.state IN ('waiting', 'running', 'stopped', 'passed'))
          AND r.number = (SELECT max(number) FROM rounds WHERE claim_id = c.id)
          AND NOT (c.status = 'rejected' AND r.state = 'passed' AND c.rejection = 'partner-request')
        """
    )
    found = [f"claim {row.claim_id}, round {row.round}: {', '.join(row.kinds)}" for row in ends]
    return found + [f"claim {row.id} is {row.status}, its round {row.state}" for row in misfits]


def _denials_lost(world: World) -> list[str]:
    """Answered with a 200, and the association stands nevertheless. Those of replaced contacts are not among them."""
    statement = "SELECT id FROM claims WHERE id = ANY(:ids) AND status = 'approved'"
    return [f"claim {row.id}" for row in world.installation.query(statement, ids=world.denied)]
