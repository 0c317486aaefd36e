"""Sign-ins that fail, for whoever watches the log: by which way and from which network, never to which account."""

import logging

from cpor_web.accounts import places

_log = logging.getLogger(__name__)


def tell(way: str) -> None:
    """Write a line for a sign-in that failed by `way`, as `session_cookie.WAYS` calls it (ASVS 16.3.1)."""
    _log.info("a sign-in failed: %s, from %s", way, places.here().network or "nowhere known")
