"""Tells the sample's stories: all their steps in the order of time, each with the mails that it sends."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cpor_web.claims.drafts import Draft
from cpor_web.figures import counting
from cpor_web.rules.deadlines import ONE_DAY
from cpor_web.rules.exc import Refused
from cpor_web.rules.roles import SYSTEM
from cpor_web.samples import postman
from cpor_web.samples.steps import Stage, Step, Telling

log = logging.getLogger(__name__)

AFTER_THE_STEP_BEFORE = timedelta(minutes=1)
MAIL_TAKES = timedelta(seconds=20)


@dataclass(frozen=True)
class Story:
    """One claim of the sample: what its form says, what happened to it, and what became of its notices."""

    draft: Draft
    steps: tuple[Step, ...]
    refusal: str = ""
    notices_wait: bool = False


def tell(stage: Stage, stories: Sequence[Story], *, now: datetime) -> None:
    """Tell all stories up to `now`.

    An operator's own periods or catalogue can make a step impossible: that story ends before it.
    """
    tellings = [Telling(stage, story.draft) for story in stories]
    over: set[int] = set()
    counted: datetime | None = None
    for at, number, step in sorted(_programme(stage, stories, now), key=lambda each: each[:2]):
        counted = _count(stage, counted or at, at)
        if number not in over and not _take(stage, stories[number], tellings[number], step, at):
            over.add(number)


def _count(stage: Stage, since: datetime, until: datetime) -> datetime:
    """Count every day that is over, as it stood then, and return up to when; else the figures knew the last alone."""
    calendar = stage.programme.calendar
    end = calendar.start_of(calendar.local_day(since) + ONE_DAY)
    while end + counting.MARGIN <= until:
        counting.count_due(stage.session, now=end + counting.MARGIN, programme=stage.programme)
        since, end = end, calendar.start_of(calendar.local_day(end) + ONE_DAY)
    return since


def _programme(stage: Stage, stories: Sequence[Story], now: datetime) -> list[tuple[datetime, int, Step]]:
    return [
        (at, number, step)
        for number, story in enumerate(stories)
        for at, step in zip(_moments(story, number, stage, now), story.steps, strict=True)
    ]


def _moments(story: Story, number: int, stage: Stage, now: datetime) -> list[datetime]:
    """Return when each step happens: never before the one ahead of it, nor at the same minute in every story."""
    shift = timedelta(minutes=number * 7 % 45, seconds=number * 23 % 60)
    moments: list[datetime] = []
    for step in story.steps:
        at = step.when(now, stage.programme)
        at = at + shift if now - at > ONE_DAY else at
        moments.append(max(at, moments[-1] + AFTER_THE_STEP_BEFORE) if moments else at)
    return moments


def _take(stage: Stage, story: Story, telling: Telling, step: Step, at: datetime) -> bool:
    """Take one step and hand its mails over; return False where the rules refuse it."""
    actor = stage.users[step.who].actor if step.who else SYSTEM
    try:
        with stage.session.begin_nested():
            step.does(telling, actor, at)
            postman.deliver(
                stage.session,
                telling.claim,
                refusal=story.refusal,
                leave_notices=story.notices_wait,
                now=at + MAIL_TAKES,
                programme=stage.programme,
            )
    except Refused as refused:
        log.warning("“%s” of the sample ends early: %s", telling.draft.name, refused)
        return False
    if step.who:
        stage.users[step.who].last_sign_in_at = at
    return True
