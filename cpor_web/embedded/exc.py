"""What can be wrong with an embedded server, in sentences for the terminal."""


class EmbeddedError(Exception):
    """An embedded server cannot be run as asked; the message says why and what to do."""


class NotInstalledError(EmbeddedError):
    """No usable binary was found on this machine."""


class InUseError(EmbeddedError):
    """Another process holds the same data folder."""


class OtherVersionError(EmbeddedError):
    """The data were written by another major version of the server."""


class StartError(EmbeddedError):
    """A process ended, or took too long, before it was ready."""
