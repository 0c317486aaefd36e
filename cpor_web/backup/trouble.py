"""What stands in the way of a backup or a restore, in a sentence that says what to do."""


class BackupError(RuntimeError):
    """It cannot be done, or not in full; the message is for the operator."""
