"""What every part of the play stands on: a world, and strategies for who acts on which claim."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine
from sqlalchemy import Engine

from cpor_web.programme import Programme
from tests.state_machine.world import BYSTANDERS, PARTNERS, REVIEWERS, World
from tests.support.rows import empty

numbers = st.integers(0, 3)
"""Which claim, contact or mail; counted round where there are fewer."""

is_old = st.sampled_from((False, False, False, False, False, True))
"""Whether a decision is taken on a page that is older than the claim."""


def mostly(*right: str) -> st.SearchStrategy[str]:
    """Somebody whose business it is, or now and then somebody else."""
    others = {*PARTNERS[:1], *REVIEWERS[:1], *BYSTANDERS} - {*right}
    return st.sampled_from((*right, *right, *right, *sorted(others)))


partners = mostly(*PARTNERS)
reviewers = mostly(*REVIEWERS)
anybody = st.sampled_from((*PARTNERS, *REVIEWERS, *BYSTANDERS))


class Played(RuleBasedStateMachine):
    """A play over a database of its own, which is emptied afterwards."""

    def __init__(self, engine: Engine, programme: Programme) -> None:
        super().__init__()
        self.engine, self.programme = engine, programme
        self.world = World(engine, programme)

    def teardown(self) -> None:
        self.world.close()
        empty(self.engine)

    @property
    def about(self) -> dict[str, Any]:
        """What verbs of nobody in particular are told."""
        return {"now": self.world.now, "programme": self.programme}
