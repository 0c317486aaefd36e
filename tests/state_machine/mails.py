"""Who must be told of what, written out from the list of mails: each step queues exactly the mails of its events."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

Row = dict[str, Any]
Rows = dict[str, list[Row]]
Letter = tuple[str, str]
"""A kind of mail, and the address it goes to."""

REVIEWERS_ADDRESS = "reviewers"
"""Stands for the address that all reviewers read."""

FOR_CONTACT = {
    "the notice could not be delivered",
    "the contact is not the right person",
    "the right contact is still missing",
}
"""The stops of which the partner is told: it is asked for a right contact."""


ASKS_PARTNER = {"claim:information-requested", "consent:stopped", "contact:turned-down"}
STARTS_PARTNERS_TIME = {"information-requested", "contact-needed"}


ASKING = {"consent-notice", "confirmation-request"}


class Told:
    """What is known of the claim of one event when the step is over, and of its round before the step."""

    def __init__(self, event: Row, before: Rows, after: Rows) -> None:
        self.event, self.data, self.before, self.after = event, event["data"], before, after
        self.claim = _by_id(after["claims"], event["claim_id"])

    @property
    def partner(self) -> str:
        return str(self.claim["partner_contact_email"])

    @property
    def reviewer(self) -> str:
        number = self.claim["reviewer_id"]
        reviewer = _by_id(self.after["users"], number) if number else None
        return str(reviewer["email"]) if reviewer and reviewer["active"] else REVIEWERS_ADDRESS

    def asked(self, round_: Row) -> list[Row]:
        """Return the invitations of a round whose links are not superseded."""
        mine = (each for each in self.after["invitations"] if each["round_id"] == round_["id"])
        return [each for each in mine if each["superseded_at"] is None]

    def round_of_event(self) -> Row:
        """Return the round that the event names."""
        mine = (each for each in self.after["rounds"] if each["claim_id"] == self.claim["id"])
        return next(each for each in mine if each["number"] == self.data["round"])

    def address(self, invitation: Row) -> str:
        return str(_by_id(self.after["customer_contacts"], invitation["contact_id"])["email"])

    def everybody(self, kind: str) -> list[Letter]:
        """Return a mail to each contact who is asked in the event's round."""
        return [(kind, self.address(each)) for each in self.asked(self.round_of_event())]


def others_at_the_partner(rows: Rows, claim: Row) -> set[str]:
    """Return who is told where the partner contact cannot be: who filed the claim, and the Global admins."""
    mine = (user for user in rows["users"] if user["partner_id"] == claim["partner_id"] and user["active"])
    wanted = (u for u in mine if u["id"] == claim["filed_by_id"] or u["role"] == "global-admin")
    return {str(user["email"]) for user in wanted}


def reminders(rows: Rows, claim: Row) -> list[Letter]:
    """Return the reminders of what the partner is asked: where no copy of it stands at its contact, to the others."""
    kind = "contact-needed" if claim["status"] == "approved" else "information-requested"
    since = max(
        event["at"] for event in rows["events"] if event["claim_id"] == claim["id"] and event["kind"] in ASKS_PARTNER
    )
    contact = str(claim["partner_contact_email"])
    mine = (mail for mail in rows["mails"] if (mail["claim_id"], mail["kind"]) == (claim["id"], kind))
    copies = [mail for mail in mine if mail["queued_at"] >= since and mail["to_address"] == contact]
    missed = copies and all(mail["state"] in {"refused", "bounced"} for mail in copies)
    others = others_at_the_partner(rows, claim) - {contact} if missed else set()
    return [("partner-reminder", address) for address in others or {contact}]


def _by_id(rows: list[Row], number: int) -> Row:
    return next(row for row in rows if row["id"] == number)


def _withdrawn(told: Told) -> list[Letter]:
    letters = [("rejected", told.partner)]
    rounds = [each for each in told.after["rounds"] if each["claim_id"] == told.claim["id"]]
    latest = max(rounds, key=lambda each: int(each["number"]), default=None)
    if latest is not None and latest["state"] in {"ended", "passed"}:
        invited = (each for each in told.after["invitations"] if each["round_id"] == latest["id"])
        had = [each for each in invited if each["taken_at"] or _is_under_way(told.after, each)]
        of_it = {each["id"] for each in told.after["invitations"] if each["round_id"] == latest["id"]}
        ended = (each for each in told.before["mails"] if each["kind"] == "association-ended")
        already = {each["to_address"] for each in ended if each["invitation_id"] in of_it}
        letters += [("association-ended", address) for address in {told.address(each) for each in had} - already]
    return letters


def _is_under_way(rows: Rows, invitation: Row) -> bool:
    mine = (mail for mail in rows["mails"] if mail["invitation_id"] == invitation["id"])
    return any(mail["due_at"] for mail in mine if mail["kind"] in ASKING)


def _denied(told: Told) -> list[Letter]:
    partner = [("rejected", told.partner), ("denial-recorded-partner", told.partner)]
    return [*partner, *told.everybody("denial-recorded")]


def _undone(told: Told) -> list[Letter]:
    round_ = told.round_of_event()
    kind = "confirmation-request" if round_["needs_yes"] else "consent-notice"
    again = [(kind, told.address(each)) for each in told.asked(round_) if _was_called_back(told.before, each)]
    return [("denial-undone-partner", told.partner), *told.everybody("denial-undone"), *again]


def _was_called_back(rows: Rows, invitation: Row) -> bool:
    """Tell whether the last question to a contact ended before it was begun."""
    mine = (mail for mail in rows["mails"] if mail["invitation_id"] == invitation["id"] and mail["kind"] in ASKING)
    last = max(mine, key=lambda mail: int(mail["id"]), default=None)
    return last is not None and last["state"] == "refused" and last["message_id"] is None


def _yes(told: Told) -> list[Letter]:
    mine = (a for a in told.after["answers"] if a["kind"] == "yes-pressed" and a["at"] == told.event["at"])
    number = max(mine, key=lambda answer: int(answer["id"]))["invitation_id"]
    return [("yes-confirmation", told.address(_by_id(told.after["invitations"], number)))]


def _stopped(told: Told) -> list[Letter]:
    return [("contact-needed", told.partner)] if told.data["why"] in FOR_CONTACT else []


def _competes(told: Told) -> list[Letter]:
    """Return whom the reviewer is told of an association that was restored; of a claim that waits the page tells."""
    return [("competing-associations", told.reviewer)] if told.claim["status"] == "approved" else []


def _comment(told: Told) -> list[Letter]:
    is_reviewers = told.event["role"] in {"reviewer", "administrator"}
    return [("new-comment", told.partner if is_reviewers else told.reviewer)]


def _refused(told: Told) -> list[Letter]:
    if told.data["mail"] == "not-delivered":
        return []
    known = {mail["id"]: mail["state"] for mail in told.before["mails"]}
    refused = (mail for mail in told.after["mails"] if mail["state"] == "refused" != known.get(mail["id"]))
    (failed,) = (mail for mail in refused if mail["kind"] == told.data["mail"])
    letters = [("not-delivered", told.partner), ("not-delivered", told.reviewer)]
    is_for_others = failed["kind"] in STARTS_PARTNERS_TIME or _still_goes_on(told, failed)
    if is_for_others and failed["user_id"] is None:
        letters += [
            (failed["kind"], address)
            for address in others_at_the_partner(told.after, told.claim) - {failed["to_address"]}
        ]
    return letters


def _still_goes_on(told: Told, failed: Row) -> bool:
    """Tell whether it says that a period goes on, of which that is still so."""
    mine = (each for each in told.after["rounds"] if each["claim_id"] == told.claim["id"])
    newest = max(mine, key=lambda each: int(each["number"]), default=None)
    going = newest is not None and newest["state"] in {"waiting", "running"}
    return going and failed["kind"] == "consent-period-goes-on"


def _in_doubt(told: Told) -> list[Letter]:
    if told.data["mail"] == "not-delivered":
        return []
    return [("not-delivered", told.partner), ("not-delivered", told.reviewer)]


def _to_partner(kind: str) -> Callable[[Told], list[Letter]]:
    return lambda told: [(kind, told.partner)]


FOLLOW: dict[str, Callable[[Told], list[Letter]]] = {
    "claim:submitted": _to_partner("claim-received"),
    "claim:resubmitted": _to_partner("claim-received"),
    "claim:disputed": _to_partner("claim-received"),
    "claim:review-started": _to_partner("review-started"),
    "claim:information-requested": _to_partner("information-requested"),
    "claim:approved": _to_partner("approved"),
    "claim:rejected": _to_partner("rejected"),
    "claim:lapsed": _to_partner("rejected"),
    "claim:withdrawn": _withdrawn,
    "consent:denied": _denied,
    "consent:undone": _undone,
    "consent:stopped": _stopped,
    "consent:reached": _to_partner("consent-period-goes-on"),
    "consent:resumed": _to_partner("consent-period-goes-on"),
    "contact:turned-down": _to_partner("contact-needed"),
    "consent:denied-by-superseded": lambda told: [("denial-by-replaced", told.reviewer)],
    "claim:competes": _competes,
    "consent:yes-pressed": _yes,
    "consent:passed": _to_partner("consent-period-passed"),
    "consent:declined-by-silence": _to_partner("rejected"),
    "assessment:assessed": _to_partner("assessment-result"),
    "comment:added": _comment,
    "mail:refused": _refused,
    "mail:unknown": _in_doubt,
}
"""By kind of event; of every other kind nobody is told by mail."""


def assert_follow(before: Rows, after: Rows, *, also: Iterable[Letter] = ()) -> None:
    """Fail unless the mails that a step queued are those of its events, each once, to whom they concern.

    `also` are more of them, of which no event tells.
    """
    expected: Counter[Letter] = Counter()
    for event in new(before, after, "events"):
        expected.update(FOLLOW.get(event["kind"], lambda _told: [])(Told(event, before, after)))
    expected.update(_questions(before, after))
    expected.update(also)
    queued: Counter[Letter] = Counter()
    for mail in new(before, after, "mails"):
        original = mail["again_of_id"]
        if original is None:
            queued[mail["kind"], _address(mail)] += 1
        else:
            assert _letter(_by_id(before["mails"], original)) == _letter(mail), "sent again are the same words"
            assert "copy_of" in mail["context"], "and the moment that they are of"
    assert queued == expected, f"queued too many {queued - expected}, too few {expected - queued}"


def new(before: Rows, after: Rows, table: str) -> list[Row]:
    """Return the rows that a step added, in the order in which it did."""
    known = {row["id"] for row in before[table]}
    return sorted((row for row in after[table] if row["id"] not in known), key=lambda row: int(row["id"]))


def _questions(before: Rows, after: Rows) -> Iterator[Letter]:
    """Return the question to every contact who was invited in this step."""
    for invitation in new(before, after, "invitations"):
        needs_yes = _by_id(after["rounds"], invitation["round_id"])["needs_yes"]
        address = _by_id(after["customer_contacts"], invitation["contact_id"])["email"]
        yield ("confirmation-request" if needs_yes else "consent-notice"), str(address)


def _letter(mail: Row) -> tuple[Any, ...]:
    told = tuple((name, fact) for name, fact in mail["context"].items() if name != "copy_of")
    return told, *(mail[name] for name in ("kind", "to_address", "language", "invitation_id", "claim_id"))


def _address(mail: Row) -> str:
    to_all = mail["context"].get("for_reviewer") and mail["user_id"] is None
    return REVIEWERS_ADDRESS if to_all else str(mail["to_address"])
