"""The web application, put together: a straight list of its parts, in the order in which they see a request."""

import os

from flask import Flask

from cpor_web import (
    accounts,
    admin,
    assessors,
    brand,
    customers,
    partners,
    previews,
    proofs,
    published,
    records,
    reviewers,
)
from cpor_web.config import Settings
from cpor_web.database import lasting
from cpor_web.extensions import babel, bell, bootstrap, csrf, db, limiter, migrate
from cpor_web.monitoring import health, metrics
from cpor_web.paths import MIGRATIONS, TEMPLATES
from cpor_web.web import (
    assets,
    current,
    drawn,
    errors,
    flask_settings,
    headers,
    languages,
    limits,
    measures,
    numbers,
    pages,
    requests_log,
    unasked,
)

PAGES = (health, metrics, published, records, partners, reviewers, previews, admin, customers, assessors)
"""What has pages, or other addresses, of its own."""


def create_app(settings: Settings | None = None) -> Flask:
    """Return the web application. Without `settings` they are read from the environment (ConfigError)."""
    settings = settings or Settings.from_environ(os.environ)
    app = unasked.Application("cpor_web", template_folder=str(TEMPLATES))
    app.config.from_mapping(flask_settings.for_flask(settings))
    numbers.init_app(app)
    current.init_app(app, settings)
    proofs.init_app(app, settings)
    limits.init_app(app)
    health.init_app(app)
    headers.init_app(app, trusted_proxies=settings.trusted_proxies)
    assets.init_app(app)
    measures.init_app(app)
    requests_log.init_app(app, trusted_proxies=settings.trusted_proxies)
    db.init_app(app)
    lasting.init_app(app)
    migrate.init_app(app, db, directory=str(MIGRATIONS))
    bell.connect(settings.redis_url)
    limiter.init_app(app)
    csrf.init_app(app)
    bootstrap.init_app(app)
    languages.init_app(app, babel)
    errors.init_app(app)
    pages.init_app(app)
    drawn.init_app(app)
    brand.init_app(app, settings)
    accounts.init_app(app)
    unasked.init_app(app)
    for part in PAGES:
        app.register_blueprint(part.bp)
    return app
