"""What must hold of everything that is stored, after whatever anybody did. Each function says what in its name."""

from datetime import datetime, timedelta
from typing import Any

from cpor_web.history import chain
from cpor_web.programme import Programme
from cpor_web.rules.reasons import REVIEWERS_CHOICE
from cpor_web.rules.transitions import TABLE
from tests.state_machine.mails import Row, Rows

STATUSES = {"editing", "submitted", "under-review", "partner-action-required", "approved", "rejected"}
CLOCKS = {
    "submitted": {"submitted", "decision"},
    "under-review": {"review", "decision", "dispute-review"},
    "partner-action-required": {"partner"},
}
"""By status: which deadlines can run in it. In every other status none does."""

OPEN = {"waiting", "running", "stopped"}
REASONS = {
    "claim:rejected": {reason.value for reason in REVIEWERS_CHOICE},
    "claim:withdrawn": {"partner-request"},
    "claim:lapsed": {"no-partner-response"},
    "consent:denied": {"customer-decline"},
    "consent:declined-by-silence": {"customer-decline"},
}
"""By kind of the event that rejected a claim: the reasons that it can have."""


def assert_hold(before: Rows, after: Rows, programme: Programme) -> None:
    """Fail unless everything holds of `after`, and of the step that led there from `before`."""
    history_is_only_added_to(before, after)
    submitted_proof_stays(before, after)
    for claim in after["claims"]:
        events = _of(after["events"], claim["id"])
        history_is_chained_to_its_head(after, claim, events)
        history_replays_to_the_claim(claim, events)
        deadlines_run_only_where_somebody_must_act(claim, after["mails"])
        rejections_tell_their_reason(claim, events)
        rounds = _of(after["rounds"], claim["id"], by="number")
        the_round_fits_the_claim(claim, rounds)
        for round_ in rounds:
            asked = _asked(after, round_)
            a_denial_stands_until_it_is_undone(after, round_)
            an_end_is_never_before_the_days_promised(round_, asked, programme)
            _partners_time_runs_only_while_a_contact_is_missing(round_, events)
        nothing_is_assessed_twice(claim, rounds, events, after)
        every_mail_that_went_out_is_in_the_history(claim, events, after["mails"])
    windows_pass_only_over_notices_that_stand(before, after, programme)


def history_is_only_added_to(before: Rows, after: Rows) -> None:
    known = {event["id"]: event for event in before["events"]}
    kept = {event["id"]: event for event in after["events"] if event["id"] in known}
    assert kept == known, "the history was changed"


def submitted_proof_stays(before: Rows, after: Rows) -> None:
    kept, claims = {each["id"] for each in after["documents"]}, {each["id"]: each for each in before["claims"]}
    for gone in (each for each in before["documents"] if each["id"] not in kept):
        claim = claims[gone["claim_id"]]
        is_new = claim["status"] == "partner-action-required" and gone["uploaded_at"] > claim["status_since"]
        assert claim["status"] == "editing" or is_new, f"{gone['filename']} was submitted, and is gone"


def history_is_chained_to_its_head(rows: Rows, claim: Row, events: list[Row]) -> None:
    link = chain.START
    for event in events:
        about = {name: event[name] for name in ("claim_id", "version", "kind", "role", "is_internal")}
        personal = {name: event[name] for name in ("actor", "user_id", "data")}
        said = chain.said(_bytes(event["salt"]), **personal)
        link = chain.link(link, event["position"], chain.facts(**about, at=_at(event["at"]), said=said))
        assert (said, link) == (_bytes(event["said"]), _bytes(event["link"])), "the chain is broken"
    (head,) = _of(rows["history_heads"], claim["id"])
    assert (head["position"], _bytes(head["link"])) == (len(events), link), "the head is not the chain's"


def history_replays_to_the_claim(claim: Row, events: list[Row]) -> None:
    assert [event["position"] for event in events] == list(range(1, len(events) + 1)), "the history has gaps"
    assert claim["status"] in STATUSES
    rules = {(rule.source, rule.event): rule for rule in TABLE}
    status, since = None, None
    for event in events:
        rule = rules.get((status, event["kind"]))
        if rule is None:
            assert event["kind"] not in {known for _, known in rules}, f"{event['kind']} while {status}"
            continue
        assert event["role"] in rule.by, f"{event['role']} did {event['kind']}"
        if rule.target is not status and rule.target is not None:
            status, since = rule.target, event["at"]
    assert (status, since) == (claim["status"], claim["status_since"]), "the history tells another story"
    assert [e["version"] for e in events] == sorted(e["version"] for e in events), "versions go back"
    assert events[-1]["version"] == claim["version"]


def deadlines_run_only_where_somebody_must_act(claim: Row, mails: list[Row]) -> None:
    allowed = CLOCKS.get(claim["status"], set())
    assert (claim["due_at"] is None) == (claim["due_rule"] is None), "a deadline without its rule"
    if claim["due_rule"]:
        assert claim["due_rule"]["period"] in allowed, f"{claim['due_rule']['period']} while {claim['status']}"
    if claim["status"] in {"submitted", "under-review"}:
        assert claim["due_at"], "the operator has the claim without a deadline"
    if claim["status"] == "partner-action-required":
        asked = [m for m in mails if m["claim_id"] == claim["id"] and m["kind"] == "information-requested"]
        is_told = any(m["state"] == "sent" and _at(m["queued_at"]) >= _at(claim["status_since"]) for m in asked)
        assert bool(claim["due_at"]) == is_told, "the partner's time starts when our mail was taken, and only then"
    can_dispute = claim["status"] == "rejected" and not claim["dispute_used"]
    assert bool(claim["dispute_until"]) == bool(claim["dispute_rule"]) == can_dispute


def rejections_tell_their_reason(claim: Row, events: list[Row]) -> None:
    if claim["status"] == "approved":
        assert claim["rejection"] is None
        assert claim["rejected_by_id"] is None
    if claim["status"] == "rejected":
        last = [event["kind"] for event in events if event["kind"] in REASONS][-1]
        assert claim["rejection"] in REASONS[last], f"{claim['rejection']} after {last}"
    assert not claim["is_disputed"] or claim["status"] in {"submitted", "under-review", "partner-action-required"}


def the_round_fits_the_claim(claim: Row, rounds: list[Row]) -> None:
    assert [round_["number"] for round_ in rounds] == list(range(1, len(rounds) + 1))
    assert not [round_ for round_ in rounds[:-1] if round_["state"] in OPEN], "an older round is still open"
    state = rounds[-1]["state"] if rounds else "none"
    if claim["status"] == "approved":
        assert state in OPEN | {"passed"}, f"approved, and its round is {state}"
    else:
        assert state not in OPEN, f"{claim['status']}, and its round is {state}"


def a_denial_stands_until_it_is_undone(rows: Rows, round_: Row) -> None:
    invited = {each["id"] for each in rows["invitations"] if each["round_id"] == round_["id"]}
    said = sorted((a for a in rows["answers"] if a["invitation_id"] in invited), key=lambda a: int(a["id"]))
    last = [answer["kind"] for answer in said if answer["kind"] in {"denied", "undone"}][-1:]
    assert (last == ["denied"]) == (round_["state"] == "denied"), (
        f"last said {last}, and the round is {round_['state']}"
    )
    if round_["state"] == "passed" and round_["needs_yes"]:
        assert round_["yes_at"], "passed without the yes that it needed"


def an_end_is_never_before_the_days_promised(round_: Row, asked: list[Row], programme: Programme) -> None:
    if round_["state"] != "running":
        return
    assert _at(round_["closes_at"]) - _at(round_["ends_at"]) == timedelta(seconds=programme.grace_seconds)
    for invitation in asked:
        assert invitation["taken_at"], "the clock runs, and somebody was not asked"
        assert not invitation["bounced_at"], "the clock runs, and a notice came back"
        least = _at(invitation["taken_at"]) + timedelta(days=programme.periods.consent)
        assert _at(round_["ends_at"]) >= least, "fewer days than promised"


def _partners_time_runs_only_while_a_contact_is_missing(round_: Row, events: list[Row]) -> None:
    assert bool(round_["contact_due_at"]) == bool(round_["contact_rule"])
    if round_["contact_due_at"] and round_["state"] in OPEN:
        assert round_["state"] == "stopped", "the partner's time runs, and so does the customer's"
        why = [event["data"]["why"] for event in events if event["kind"] == "consent:stopped"][-1]
        assert why != "a replaced contact denied", "the partner's time runs while a reviewer must look"


def nothing_is_assessed_twice(claim: Row, rounds: list[Row], events: list[Row], rows: Rows) -> None:
    records = [record for record in rows["assessments"] if record["claim_id"] == claim["id"]]
    told = [event["kind"] for event in events if event["kind"].startswith("assessment:")]
    passed = {event["data"]["round"] for event in events if event["kind"] == "consent:passed"}
    assert len(records) == told.count("assessment:queued") == min(len(passed), 1)
    assert told.count("assessment:assessed") <= 1, "assessed twice"
    flags = [kind for kind in told if kind in {"assessment:flagged", "assessment:restored"}]
    assert flags == (["assessment:flagged", "assessment:restored"] * len(flags))[: len(flags)], "a correction twice"
    for record in records:
        stands = claim["status"] == "approved" and rounds[-1]["number"] in passed
        assert bool(record["ended_at"]) == (not stands), "the flag does not say whether the association stands"


def every_mail_that_went_out_is_in_the_history(claim: Row, events: list[Row], mails: list[Row]) -> None:
    for state in ("sent", "unknown"):
        told = sorted((e["data"]["mail"], e["data"]["to"]) for e in events if e["kind"] == f"mail:{state}")
        mine = [mail for mail in mails if mail["claim_id"] == claim["id"] and mail["state"] == state]
        assert told == sorted((mail["kind"], mail["to_name"]) for mail in mine)


def windows_pass_only_over_notices_that_stand(before: Rows, after: Rows, programme: Programme) -> None:
    was = {round_["id"]: round_["state"] for round_ in before["rounds"]}
    for round_ in after["rounds"]:
        if round_["state"] != "passed" or was.get(round_["id"]) == "passed":
            continue
        closed = _at(round_["closed_at"])
        assert closed >= _at(round_["closes_at"]), "closed before its time"
        assert not round_["reply_at"], "a reply was not read"
        for invitation in _asked(after, round_):
            assert invitation["taken_at"], "silence counted, and the question was not asked"
            assert not invitation["bounced_at"], "silence counted, and the notice came back"
            assert closed - _at(invitation["taken_at"]) >= timedelta(days=programme.periods.consent)
            assert _at(invitation["printed_end"]) <= closed, "closed before the end that a notice prints"


def _of(rows: list[Row], claim_id: int, by: str = "position") -> list[Row]:
    return sorted((row for row in rows if row["claim_id"] == claim_id), key=lambda row: int(row[by]))


def _asked(rows: Rows, round_: Row) -> list[Row]:
    mine = (each for each in rows["invitations"] if each["round_id"] == round_["id"])
    return [each for each in mine if each["superseded_at"] is None]


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("\\x"))


def _at(text: Any) -> datetime:
    return datetime.fromisoformat(text)
