"""What a running process is at: asked of one that seems stuck, when it is too late to start it otherwise."""

import faulthandler
import signal

ASKED_BY = signal.SIGUSR1


def tell_when_asked() -> None:
    """From now on, have this process and those that it forks say on standard error at which lines their threads are.

    Each says it of itself, whatever holds it up, and goes on. Of no value anything is said.
    """
    faulthandler.register(ASKED_BY)
