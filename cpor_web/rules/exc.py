"""What can be wrong with an action, named for what is wrong. Each carries a sentence for the person."""

from dataclasses import dataclass, field

from cpor_web.rules.words import Values


@dataclass(eq=False)
class Refused(Exception):
    """An action that the rules refuse. Nothing has changed.

    `message` is an English msgid with %(name)s places, `values` fill them; both are translated where shown
    (a value that is itself a msgid is translated too; several are listed; a number is written as in that language).
    """

    message: str
    values: Values = field(default_factory=dict)

    def __str__(self) -> str:
        values = {
            name: ", ".join(value) if isinstance(value, tuple) else value for name, value in self.values.items()
        }
        return self.message % values if values else self.message


class NotAllowed(Refused):
    """The table has no such row: this action does not exist in this status."""


class NotYours(Refused):
    """The row exists, but not for this role."""


class GuardFailed(Refused):
    """The row exists, but a condition of it does not hold."""


class Unfinished(GuardFailed):
    """What is to be decided by is not filled in to its end: the reviewer's check of the proof."""


class Unread(Refused):
    """The rules would let it pass, but somebody is to read first what they are warned of."""


@dataclass(eq=False)
class Stale(Refused):
    """The page that the decision was taken on is older than the claim: it saw the version `since`."""

    since: int = 0


@dataclass(eq=False)
class Invalid(Refused):
    """Input that breaks a rule of a field: `field_name` names it as the form does. `others` are wrong besides it."""

    field_name: str = ""
    others: tuple["Invalid", ...] = ()
