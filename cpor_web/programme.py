"""The programme as the operator set it up: what rules and mails need to know of the settings."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path

from consent_links import key_id
from cpor_web import catalogue
from cpor_web.config import Settings
from cpor_web.rules.deadlines import Calendar, Periods
from cpor_web.rules.editions import EDITIONS
from cpor_web.rules.statuses import Status
from cpor_web.rules.words import N_


@dataclass(frozen=True)
class Programme:
    """One object for everything that the operator decides and the process depends on.

    `edition` is the guide's, `link_keys` the ids of the keys that sign customers' links, newest first. `has_mailbox`
    tells whether a mailbox is read for what comes back.
    """

    operator: str
    name: str
    guide_url: str
    public_url: str
    mail_from: str
    reply_to: str
    reviewers_address: str
    calendar: Calendar
    edition: str
    periods: Periods
    correctable_in: frozenset[Status]
    grace_seconds: float
    one_click: bool
    link_keys: tuple[str, ...]
    hold_share: float
    hold_count: int
    hold_partners: int
    has_mailbox: bool
    assessor: str
    catalogue: catalogue.Catalogue

    @classmethod
    def from_settings(cls, settings: Settings) -> "Programme":
        """Build the programme; raises CatalogueError or, for an unknown country, NotImplementedError."""
        return cls(
            operator=settings.operator_name,
            name=settings.programme_name,
            guide_url=settings.programme_guide_url,
            public_url=settings.public_url,
            mail_from=settings.mail_from,
            reply_to=settings.reply_to or settings.mail_from,
            reviewers_address=settings.reviewers_address,
            calendar=Calendar(settings.time_zone, settings.weekend, DaysOff(settings)),
            edition=settings.guide,
            periods=_periods(settings),
            correctable_in=EDITIONS[settings.guide].correctable_in,
            grace_seconds=settings.consent_grace,
            one_click=settings.one_click,
            link_keys=tuple(key_id(key) for key in settings.consent_keys),
            hold_share=settings.hold_share,
            hold_count=settings.hold_count,
            hold_partners=settings.hold_partners,
            has_mailbox=bool(settings.imap_server),
            assessor=settings.assessor,
            catalogue=catalogue.load(Path(settings.catalogue) if settings.catalogue else catalogue.SAMPLE),
        )

    @property
    def mail_host(self) -> str:
        """The host of the address that mails come from."""
        return self.mail_from.rpartition("@")[2]

    def with_closures(self, closures: Mapping[date, str]) -> "Programme":
        """Return the programme with the closures that administrators entered, by date, in its calendar."""
        return replace(self, calendar=self.calendar.with_closures(closures))


def _periods(settings: Settings) -> Periods:
    """Return the edition's periods, with those that the operator set by hand."""
    names = ("submitted", "review", "partner", "consent", "dispute", "dispute_review")
    by_hand = {name: getattr(settings, f"{name}_days") for name in names}
    return replace(EDITIONS[settings.guide].periods, **{n: days for n, days in by_hand.items() if days is not None})


class DaysOff(Mapping[date, str]):
    """Holidays of the operator's country and its own closures, by date; years are computed when asked for."""

    def __init__(self, settings: Settings) -> None:
        self._closures = dict.fromkeys(settings.closures, N_("closure"))
        self._country, self._subdivision = settings.country, settings.subdivision

    @cached_property
    def _holidays(self) -> Mapping[date, str]:
        # When first asked for: the library loads all countries to know one.
        if not self._country:
            return {}
        import holidays

        return holidays.country_holidays(self._country, subdiv=self._subdivision or None)

    def __getitem__(self, day: date) -> str:
        if day in self._closures:
            return self._closures[day]
        name = self._holidays.get(day)
        if name is None:
            raise KeyError(day)
        return name

    def __iter__(self) -> Iterator[date]:
        return iter({**self._holidays, **self._closures})

    def __len__(self) -> int:
        return len({**self._holidays, **self._closures})
