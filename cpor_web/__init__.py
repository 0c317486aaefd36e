"""Partner association claims: proof, review, and the customer's seven days to deny."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from cpor_web.config import Settings


def create_app(settings: "Settings | None" = None) -> "Flask":
    """Return the web application. Without `settings` they are read from the environment (ConfigError).

    The imports are inside, so that `cpor_web.rules` can be imported without a web framework.
    """
    import os

    from flask import Flask

    from cpor_web import (
        accounts,
        admin,
        assessors,
        assets,
        brand,
        config,
        current,
        customers,
        errors,
        flask_settings,
        headers,
        health,
        languages,
        numbers,
        pages,
        partners,
        previews,
        proofs,
        published,
        records,
        requests_log,
        reviewers,
    )
    from cpor_web.extensions import babel, bell, bootstrap, csrf, db, limiter, migrate
    from cpor_web.paths import MIGRATIONS, TEMPLATES

    settings = settings or config.Settings.from_environ(os.environ)
    app = Flask(__name__, template_folder=str(TEMPLATES))
    app.config.from_mapping(flask_settings.for_flask(settings))
    numbers.init_app(app)
    current.init_app(app, settings)
    proofs.init_app(app, settings)
    headers.init_app(app, trusted_proxies=settings.trusted_proxies)
    assets.init_app(app)
    requests_log.init_app(app)
    db.init_app(app)
    migrate.init_app(app, db, directory=str(MIGRATIONS))
    bell.connect(settings.redis_url)
    limiter.init_app(app)
    csrf.init_app(app)
    bootstrap.init_app(app)
    languages.init_app(app, babel)
    errors.init_app(app)
    pages.init_app(app)
    brand.init_app(app, settings)
    accounts.init_app(app)
    app.register_blueprint(health.bp)
    app.register_blueprint(published.bp)
    app.register_blueprint(records.bp)
    app.register_blueprint(partners.bp)
    app.register_blueprint(reviewers.bp)
    app.register_blueprint(previews.bp)
    app.register_blueprint(admin.bp)
    app.register_blueprint(customers.bp)
    app.register_blueprint(assessors.bp)
    return app
