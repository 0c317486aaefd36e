"""The WSGI application, for any server: `waitress-serve wsgi:app`, `gunicorn wsgi:app`."""

from cpor_web import create_app
from cpor_web.starting.loading import keep

app = create_app()
keep()
