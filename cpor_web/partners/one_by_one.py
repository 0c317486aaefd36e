"""Several things that one press does: each in a transaction of its own, until the database fails over one."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from flask import current_app
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.exc import SQLAlchemyError

from cpor_web.extensions import db
from cpor_web.transactions import InDoubt
from cpor_web.web.numbers import number_in

T = TypeVar("T")


class Cut(NamedTuple):
    """Where it broke off: over which claim, whether that one is done after all, and how many were not tried then."""

    reference: str
    is_in_doubt: bool
    not_tried: int

    @property
    def words(self) -> str:
        """What became of the one over which it broke off."""
        if self.is_in_doubt:
            return _("It is not certain whether this was recorded. Load the page again.")
        return _("Something went wrong on our side. Try again in a few minutes.")

    @property
    def words_of_the_rest(self) -> str:
        """What became of those after it; nothing where it was the last."""
        if not self.not_tried:
            return ""
        return ngettext("%(num)s more was not tried.", "%(num)s more were not tried.", self.not_tried)


def one_by_one(chosen: Sequence[tuple[str, str]], do: Callable[[str, int | None], T]) -> tuple[list[T], Cut | None]:
    """Return what came of each claim, chosen by its reference and the version that was seen, until one broke off.

    Raises where that is the first: nothing was done then, and the page of the error says so.
    """
    results: list[T] = []
    for reference, seen in chosen:
        try:
            results.append(do(reference, number_in(seen)))
        except SQLAlchemyError as error:
            if not results:
                raise
            current_app.logger.exception("several were to be done, and it broke off")
            db.session.rollback()  # the page that tells of it reads on
            return results, Cut(reference, isinstance(error, InDoubt), len(chosen) - len(results) - 1)
    return results, None
