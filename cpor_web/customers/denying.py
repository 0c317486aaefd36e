"""How a denial comes to be recorded: with those that come at the same time, else alone.

What a denial costs is for the most part what a transaction costs. On the last evening of a month many customers deny
at once; what came while one transaction was at work is recorded by the next one, all of it.
"""

import logging
from collections.abc import Sequence
from typing import cast

from flask import abort, current_app
from flask.blueprints import BlueprintSetupState

from cpor_web.consent import at_once
from cpor_web.consent.at_once import Denying
from cpor_web.consent.recording import Outcome
from cpor_web.customers.blueprint import bp
from cpor_web.customers.together import Together
from cpor_web.extensions import db
from cpor_web.rules.reasons import Denial, Way
from cpor_web.transactions import InDoubt, transaction
from cpor_web.web.current import now, programme

log = logging.getLogger(__name__)

DENIALS = "denials"
MOST = 40
PATIENCE = 1.0
"""Seconds that a denial waits for those before it: as much less has it until its window is closed over it."""


@bp.record
def _keep(state: BlueprintSetupState) -> None:
    state.app.extensions[DENIALS] = Together(_record, most=MOST)


def denied(link_id: bytes, reason: Denial, way: Way, words: str = "") -> Outcome:
    """Record a denial through a link, and commit it; the answer to an unknown link is that to a bad one."""
    denying = Denying(link_id, reason, way, now(), words)
    together = cast("Together[Denying, Outcome]", current_app.extensions[DENIALS])
    return together.do(denying, patience=PATIENCE) or _alone(denying) or abort(404)


def _record(many: Sequence[Denying]) -> Sequence[Outcome | None]:
    """Record what waits for nobody. What is left, or if anything goes wrong all of it, is done one by one."""
    try:
        with transaction(db.session):
            return at_once.deny_free(db.session(), many, programme=programme())
    except InDoubt:
        raise
    except Exception:
        log.warning("%d denials are recorded one by one, as they could not be together", len(many), exc_info=True)
        return [None] * len(many)


def _alone(denying: Denying) -> Outcome | None:
    with transaction(db.session):
        return at_once.deny(db.session(), denying, programme=programme())
