"""Draws the transition table as a diagram, for the documentation: what is drawn is what is enforced."""

from collections.abc import Iterable

from cpor_web.rules.roles import CLAIMANTS, CUSTOMERS, REVIEWERS, SYSTEM_ONLY
from cpor_web.rules.statuses import Status
from cpor_web.rules.transitions import TABLE, Rule

WHO = {CLAIMANTS: "partner", REVIEWERS: "reviewer", CUSTOMERS: "customer", SYSTEM_ONLY: "time"}
"""Who acts, in a word."""


def diagram(table: Iterable[Rule] = TABLE) -> str:
    """Return the table as a Mermaid state diagram: one arrow for each pair of statuses."""
    arrows: dict[tuple[Status | None, Status | None], list[str]] = {}
    for rule in table:
        arrows.setdefault((rule.source, rule.target), []).append(f"{rule.action.label} ({WHO[rule.by]})")
    lines = ["stateDiagram-v2"]
    lines += [f'    state "{status.label}" as {_name(status)}' for status in Status]
    lines += [f"    {_name(a)} --> {_name(b)} : {'<br/>'.join(labels)}" for (a, b), labels in arrows.items()]
    return "\n".join(lines)


def _name(status: Status | None) -> str:
    return status.name.lower() if status else "[*]"
