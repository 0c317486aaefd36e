"""Partner association claims: proof, review, and the customer's seven days to deny."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from cpor_web.config import Settings


def create_app(settings: "Settings | None" = None) -> "Flask":
    """Return the web application. Without `settings` they are read from the environment (ConfigError).

    It is imported when it is made, so that `cpor_web.rules` can be imported without a web framework.
    """
    from cpor_web.starting.loading import uncollected

    with uncollected():
        from cpor_web import factory

        return factory.create_app(settings)
