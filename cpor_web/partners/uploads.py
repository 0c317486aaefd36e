"""How much a user may hand in: each document is stored and examined, which costs us more than who sends it."""

from flask_limiter import RateLimitExceeded

from cpor_web.extensions import limiter
from cpor_web.proofs.examining import FIELD
from cpor_web.rules.exc import Invalid
from cpor_web.rules.words import N_
from cpor_web.web.current import settings, user

TOO_MANY = N_("You have uploaded as many files as can be taken from one person in an hour (%(most)s). Go on later.")


def count() -> None:
    """Count one more of who is signed in, wherever they come from; raise Invalid("document") for one too many."""
    try:
        _counted()
    except RateLimitExceeded:
        raise Invalid(TOO_MANY, {"most": settings().uploads_per_hour}, field_name=FIELD) from None


@limiter.shared_limit(
    lambda: f"{settings().uploads_per_hour} per hour", scope="uploads", key_func=lambda: f"user {user().id}"
)
def _counted() -> None:
    """Do nothing more than that it is counted."""
