from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpor_web.rules.actions import Action
from cpor_web.rules.exc import GuardFailed, NotAllowed, NotYours, Refused
from cpor_web.rules.roles import Role
from cpor_web.rules.statuses import Status
from cpor_web.rules.transitions import TABLE, Clock, Facts, Rule, find, offered

# The process once more, written out by hand and not derived from the code: each action in each status, and who may
# do it. P: the partner's Global, Billing and Incentives admins, R: reviewers and administrators, C: the customer,
# S: the system, a full stop: nobody. The first column is a claim that is not there yet.
GRID = """
action               none  editing  submitted  under-review  partner-action-required  approved  rejected
create               P     .        .          .             .                        .         .
submit               .     P        .          .             .                        .         .
delete               .     P        .          .             .                        .         .
start-review         .     .        R          .             .                        .         .
request-information  .     .        .          R             .                        .         .
resubmit             .     .        .          .             P                        .         .
approve              .     .        .          R             .                        .         .
reject               .     .        .          R             .                        .         .
take-over            .     .        .          R             .                        .         .
withdraw             .     .        P          P             P                        P         .
lapse                .     .        .          .             S                        .         .
deny                 .     .        .          .             .                        C         .
pass                 .     .        .          .             .                        S         .
decline-by-silence   .     .        .          .             .                        S         .
contact-lapse        .     .        .          .             .                        S         .
dispute              .     .        .          .             .                        .         P
undo-denial          .     .        C          C             C                        .         C
replace              .     .        .          .             .                        S         .
"""

# Where each action leads, and which history kind it leaves.
OUTCOMES = """
create               editing                  claim:created
submit               submitted                claim:submitted
delete               none                     claim:deleted
start-review         under-review             claim:review-started
request-information  partner-action-required  claim:information-requested
resubmit             submitted                claim:resubmitted
approve              approved                 claim:approved
reject               rejected                 claim:rejected
take-over            under-review             claim:taken-over
withdraw             rejected                 claim:withdrawn
lapse                rejected                 claim:lapsed
deny                 rejected                 consent:denied
pass                 approved                 consent:passed
decline-by-silence   rejected                 consent:declined-by-silence
contact-lapse        rejected                 claim:lapsed
dispute              under-review             claim:disputed
undo-denial          approved                 consent:undone
replace              rejected                 claim:replaced
"""

WHO = {
    ".": set(),
    "P": {Role.GLOBAL_ADMIN, Role.BILLING_ADMIN, Role.INCENTIVES_ADMIN},
    "R": {Role.REVIEWER, Role.ADMINISTRATOR},
    "C": {Role.CUSTOMER},
    "S": {Role.SYSTEM},
}


def rows(table: str) -> list[list[str]]:
    return [line.split() for line in table.strip().splitlines()]


def status(word: str) -> Status | None:
    return None if word == "none" else Status(word)


HEAD, *BODY = rows(GRID)
CELLS = [
    (status(column), Action(action), WHO[cell])
    for action, *cells in BODY
    for column, cell in zip(HEAD[1:], cells, strict=True)
]
TARGETS = {Action(action): (status(target), event) for action, target, event in rows(OUTCOMES)}


def facts_for(action: Action) -> Facts:
    """Facts under which every guard of `action` holds."""
    return Facts(
        actor_holds=action is not Action.TAKE_OVER,
        consent_running=True,
        yes_needed=action is Action.DECLINE_BY_SILENCE,
        contact_overdue=True,
        declined_by_customer=True,
        dispute_in_time=True,
    )


def test_the_grid_names_every_status_every_action_and_every_role() -> None:
    assert [status(word) for word in HEAD[1:]] == [None, *Status]
    assert [row[0] for row in BODY] == [action.value for action in Action]
    assert set(TARGETS) == set(Action)
    assert set().union(*WHO.values()) == set(Role) - {Role.VIEWER}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(("source", "action", "who"), CELLS)
def test_an_action_is_allowed_exactly_where_the_grid_says(
    source: Status | None, action: Action, who: set[Role], role: Role
) -> None:
    facts = facts_for(action)
    if role in who:
        rule = find(source, action, role, facts)
        assert (rule.source, rule.action) == (source, action)
        assert (rule.target, rule.event) == TARGETS[action]
    else:
        with pytest.raises(NotYours if who else NotAllowed):
            find(source, action, role, facts)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(("source", "action", "who"), [cell for cell in CELLS if cell[0]])
def test_a_page_offers_exactly_what_the_grid_allows(
    source: Status, action: Action, who: set[Role], role: Role
) -> None:
    assert (action in offered(source, role, facts_for(action))) == (role in who)


@pytest.mark.parametrize("source", Status)
def test_a_viewer_is_offered_nothing_in_any_status(source: Status) -> None:
    assert offered(source, Role.VIEWER, Facts(dispute_in_time=True)) == frozenset()


def test_no_status_and_action_has_two_rules() -> None:
    keys = [(rule.source, rule.action) for rule in TABLE]

    assert len(keys) == len(set(keys)) == sum(1 for cell in CELLS if cell[2])


# One line a guard: action, its status, who acts, the fact that breaks it, and words of the sentence that is read.
BROKEN: list[tuple[Action, Status, Role, dict[str, Any], str]] = [
    (Action.SUBMIT, Status.EDITING, Role.BILLING_ADMIN, {"missing": ("Activity", "Products")}, "Activity, Products"),
    (Action.SUBMIT, Status.EDITING, Role.BILLING_ADMIN, {"has_proof": False}, "proof of execution"),
    (Action.RESUBMIT, Status.PARTNER_ACTION_REQUIRED, Role.GLOBAL_ADMIN, {"missing": ("MPN ID",)}, "MPN ID"),
    (Action.RESUBMIT, Status.PARTNER_ACTION_REQUIRED, Role.GLOBAL_ADMIN, {"has_proof": False}, "proof of execution"),
    (Action.DELETE, Status.EDITING, Role.GLOBAL_ADMIN, {"was_ever_submitted": True}, "Only drafts"),
    (Action.START_REVIEW, Status.SUBMITTED, Role.REVIEWER, {"may_review_dispute": False}, "Another reviewer"),
    (Action.REQUEST_INFORMATION, Status.UNDER_REVIEW, Role.REVIEWER, {"actor_holds": False}, "Take it over"),
    (Action.REQUEST_INFORMATION, Status.UNDER_REVIEW, Role.REVIEWER, {"may_review_dispute": False}, "You rejected"),
    (Action.APPROVE, Status.UNDER_REVIEW, Role.REVIEWER, {"actor_holds": False}, "Take it over"),
    (Action.APPROVE, Status.UNDER_REVIEW, Role.ADMINISTRATOR, {"may_review_dispute": False}, "Another reviewer"),
    (Action.APPROVE, Status.UNDER_REVIEW, Role.REVIEWER, {"unconfirmed_contacts": True}, "Confirm the customer"),
    (Action.REJECT, Status.UNDER_REVIEW, Role.REVIEWER, {"actor_holds": False}, "Take it over"),
    (Action.REJECT, Status.UNDER_REVIEW, Role.REVIEWER, {"may_review_dispute": False}, "Another reviewer"),
    (Action.TAKE_OVER, Status.UNDER_REVIEW, Role.REVIEWER, {"actor_holds": True}, "hold this claim already"),
    (Action.TAKE_OVER, Status.UNDER_REVIEW, Role.REVIEWER, {"may_review_dispute": False}, "Another reviewer"),
    (Action.PASS, Status.APPROVED, Role.SYSTEM, {"consent_running": False}, "not running"),
    (Action.PASS, Status.APPROVED, Role.SYSTEM, {"yes_needed": True}, "explicit yes"),
    (Action.DECLINE_BY_SILENCE, Status.APPROVED, Role.SYSTEM, {"consent_running": False}, "not running"),
    (Action.DECLINE_BY_SILENCE, Status.APPROVED, Role.SYSTEM, {"yes_needed": False}, "silence suffices"),
    (Action.CONTACT_LAPSE, Status.APPROVED, Role.SYSTEM, {"contact_overdue": False}, "has not passed"),
    (Action.DISPUTE, Status.REJECTED, Role.INCENTIVES_ADMIN, {"dispute_used": True}, "disputed once"),
    (Action.DISPUTE, Status.REJECTED, Role.INCENTIVES_ADMIN, {"dispute_in_time": False}, "time to dispute"),
    *(
        (Action.UNDO_DENIAL, source, Role.CUSTOMER, broken, words)
        for source in (Status.REJECTED, Status.UNDER_REVIEW, Status.SUBMITTED, Status.PARTNER_ACTION_REQUIRED)
        for broken, words in (
            ({"declined_by_customer": False}, "no denial"),
            ({"edited_since_denial": True}, "has changed the claim"),
        )
    ),
]


@pytest.mark.parametrize(("action", "source", "role", "broken", "words"), BROKEN)
def test_a_guard_that_fails_refuses_with_its_own_sentence(
    action: Action, source: Status, role: Role, broken: dict[str, Any], words: str
) -> None:
    facts = facts_for(action)._replace(**broken)

    with pytest.raises(GuardFailed) as refused:
        find(source, action, role, facts)

    assert words in str(refused.value)
    assert action not in offered(source, role, facts)


def test_every_guard_of_the_table_is_broken_once_above() -> None:
    guards = {(rule.source, rule.action): {guard.name for guard in rule.guards} for rule in TABLE if rule.guards}
    broken: dict[tuple[Status | None, Action], set[str]] = {}
    for action, source, _role, change, _words in BROKEN:
        facts = facts_for(action)._replace(**change)
        rule = next(rule for rule in TABLE if (rule.source, rule.action) == (source, action))
        broken.setdefault((source, action), set()).update(g.name for g in rule.guards if not g.holds(facts))

    assert broken == guards


def test_the_role_is_refused_before_any_guard_tells_of_the_claim() -> None:
    with pytest.raises(NotYours) as refused:
        find(Status.EDITING, Action.SUBMIT, Role.VIEWER, Facts(missing=("Activity",)))

    assert str(refused.value) == "“Submit for approval” is not for your role (Viewer)."


def test_a_refusal_names_the_action_and_the_status_in_the_words_of_the_page() -> None:
    with pytest.raises(NotAllowed) as refused:
        find(Status.REJECTED, Action.APPROVE, Role.REVIEWER, Facts())

    assert str(refused.value) == "“Approve” is not possible while a claim is “Rejected”."


def test_what_is_not_there_yet_is_called_so() -> None:
    with pytest.raises(NotAllowed) as refused:
        find(None, Action.APPROVE, Role.REVIEWER, Facts())

    assert str(refused.value) == "“Approve” is not possible while a claim is “not there”."


def test_a_refusal_without_values_is_read_as_it_is() -> None:
    assert str(Refused("100 % of the products are missing.")) == "100 % of the products are missing."


def test_a_refusal_can_be_kept_in_a_set_as_other_exceptions_can() -> None:
    assert len({Refused("one"), NotAllowed("two")}) == 2


# Mails to the partner contact and the clock that starts, as sections 4 and 12 of the process tell them.
FOLLOWS = {
    Action.SUBMIT: (("claim-received",), Clock.SUBMITTED),
    Action.START_REVIEW: (("review-started",), Clock.REVIEW),
    Action.REQUEST_INFORMATION: (("information-requested",), Clock.PARTNER),
    Action.RESUBMIT: (("claim-received",), Clock.SUBMITTED),
    Action.APPROVE: (("approved",), Clock.NONE),
    Action.REJECT: (("rejected",), Clock.NONE),
    Action.TAKE_OVER: ((), Clock.KEEP),
    Action.WITHDRAW: (("rejected",), Clock.NONE),
    Action.LAPSE: (("rejected",), Clock.NONE),
    Action.DENY: (("rejected",), Clock.NONE),
    Action.PASS: (("consent-period-passed",), Clock.NONE),
    Action.DECLINE_BY_SILENCE: (("rejected",), Clock.NONE),
    Action.CONTACT_LAPSE: (("rejected",), Clock.NONE),
    Action.DISPUTE: (("claim-received",), Clock.DISPUTE_REVIEW),
    Action.REPLACE: (("rejected",), Clock.NONE),
}


@pytest.mark.parametrize("rule", TABLE, ids=lambda rule: f"{rule.source}-{rule.action}")
def test_a_transition_leaves_the_mails_and_the_clock_that_the_process_names(rule: Rule) -> None:
    assert (rule.mails, rule.clock) == FOLLOWS.get(rule.action, ((), Clock.NONE))


def test_every_way_to_rejected_tells_the_partner() -> None:
    for rule in TABLE:
        if rule.target is Status.REJECTED:
            assert "rejected" in rule.mails, rule.action


some_facts = st.builds(
    Facts,
    missing=st.sampled_from([(), ("Activity",)]),
    **{name: st.booleans() for name in Facts._fields if name != "missing"},
)


@given(st.sampled_from(Status), st.sampled_from(Role), some_facts)
def test_whatever_the_facts_a_page_offers_what_find_allows_and_nothing_else(
    source: Status, role: Role, facts: Facts
) -> None:
    shown = offered(source, role, facts)
    for action in Action:
        try:
            find(source, action, role, facts)
        except Refused:
            assert action not in shown
        else:
            assert action in shown
