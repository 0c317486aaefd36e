"""Faults strike a real installation."""

from tests.support.installation_fixtures import installation as installation
from tests.support.smtp_fixtures import authority as authority
from tests.support.smtp_fixtures import authority_file as authority_file
from tests.support.smtp_fixtures import certificate_for as certificate_for
