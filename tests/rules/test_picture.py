import re

from cpor_web.rules.actions import Action
from cpor_web.rules.picture import WHO, diagram
from cpor_web.rules.statuses import Status
from cpor_web.rules.transitions import TABLE


def test_every_rule_of_the_table_is_on_an_arrow_between_its_statuses() -> None:
    arrows = dict(re.findall(r"^ +(\S+ --> \S+) : (.+)$", diagram(), re.MULTILINE))

    for rule in TABLE:
        source, target = (end.name.lower() if end else "[*]" for end in (rule.source, rule.target))
        assert f"{rule.action.label} ({WHO[rule.by]})" in arrows[f"{source} --> {target}"].split("<br/>")
    assert sum(len(labels.split("<br/>")) for labels in arrows.values()) == len(TABLE)


def test_every_status_is_drawn_by_its_name() -> None:
    for status in Status:
        assert f'state "{status.label}" as ' in diagram()


def test_a_label_has_nothing_that_ends_it_early() -> None:
    labels = re.findall(r" --> \S+ : (.+)$", diagram(), re.MULTILINE)

    assert labels
    assert not [label for label in labels if set(label) & set(':;"#')]


def test_a_diagram_is_its_kind_the_statuses_and_one_arrow_for_all_that_leads_along_it() -> None:
    rules = [
        rule for rule in TABLE if rule.action in {Action.CREATE, Action.PASS, Action.DENY, Action.DECLINE_BY_SILENCE}
    ]

    assert diagram(rules).splitlines() == [
        "stateDiagram-v2",
        '    state "Editing" as editing',
        '    state "Submitted" as submitted',
        '    state "Under review" as under_review',
        '    state "Partner action required" as partner_action_required',
        '    state "Approved" as approved',
        '    state "Rejected" as rejected',
        "    [*] --> editing : Add customer (partner)",
        "    approved --> rejected : Deny this association (customer)<br/>"
        "The consent period passes without the customer's yes (time)",
        "    approved --> approved : The consent period passes (time)",
    ]
