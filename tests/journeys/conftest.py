"""Journeys run against a real installation."""

from tests.support.installation_fixtures import installation as installation
