"""What must never be imported by a worker, let alone called: it leaves a mark."""

import os
from pathlib import Path

if "CPOR_TEST_CANARY" in os.environ:
    Path(os.environ["CPOR_TEST_CANARY"]).touch()


def sing(*_arguments: object) -> None:
    """Leave the mark again."""
    Path(os.environ["CPOR_TEST_CANARY"]).touch()
