"""Where a story can begin: each opening goes on from an earlier one, so what is deep is met as often as the rest."""

from collections.abc import Callable
from typing import Any

Play = Any
"""The whole process; its class is made of what is here."""

OPENINGS: dict[str, tuple[str, Callable[[Play], object]]] = {
    "nothing": ("", lambda play: None),
    "a draft": ("nothing", lambda play: play.files_a_claim("filer", play.edit)),
    "submitted": ("a draft", lambda play: (play.uploads_a_proof("filer"), play.submits("filer"))),
    "under review": ("submitted", lambda play: (play.starts_review("rita"), play.mails_are())),
    "asked for more": ("under review", lambda play: (play.asks_for_more("rita"), play.mails_are())),
    "rejected": ("under review", lambda play: play.rejects("rita")),
    "approved": ("under review", lambda play: play.approves("rita")),
    "running": ("approved", lambda play: play.mails_are()),
    "not delivered": ("approved", lambda play: (play.mails_are("refused"), play.mails_are())),
    "the wrong person": ("running", lambda play: (play.is_not_the_right_person(), play.mails_are())),
    "another contact": (
        "the wrong person",
        lambda play: (play.proposes_another_contact("filer"), play.confirms_the_proposed_contact("rita")),
    ),
    "asked once more": ("the wrong person", lambda play: (play.lets_the_period_go_on("rita"), play.mails_are())),
    "turned down": (
        "the wrong person",
        lambda play: (
            play.proposes_another_contact("filer"),
            play.turns_the_proposed_contact_down("rita"),
            play.mails_are(),
        ),
    ),
    "passed": (
        "running",
        lambda play: (play.the_next_deadline_comes(0), play.windows_close(), play.assessments_are_made()),
    ),
    "denied": ("running", lambda play: play.denies()),
    "restored": ("denied", lambda play: play.undoes_the_denial()),
    "denied late": ("passed", lambda play: (play.time_passes("three days"), play.denies())),
    "restored late": ("denied late", lambda play: play.undoes_the_denial()),
    "disputed": ("denied", lambda play: (play.disputes("filer"), play.takes_over("rolf"))),
    "disputed late": ("denied late", lambda play: (play.disputes("filer"), play.takes_over("rolf"))),
    "a yes is needed": ("disputed", lambda play: (play.approves("rolf"), play.mails_are())),
    "a yes was said": ("a yes is needed", lambda play: (play.presses_yes(), play.confirms_the_yes())),
    "a yes is needed after all": ("disputed late", lambda play: (play.approves("rolf"), play.mails_are())),
}


def begin(play: Play, opening: str) -> None:
    """Play from the beginning up to an opening."""
    if opening:
        before, steps = OPENINGS[opening]
        begin(play, before)
        steps(play)
