"""Where log lines go: one a line, to standard error. None of them holds an address, a token or a path."""

import logging

FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"


def set_up() -> None:
    """Log from INFO on; the noise of libraries from WARNING on."""
    logging.basicConfig(level=logging.WARNING, format=FORMAT)
    for name in ("cpor_web", "jobs"):
        logging.getLogger(name).setLevel(logging.INFO)
