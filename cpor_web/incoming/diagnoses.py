"""Why a mail that came in decides nothing, in the words that are stored with it."""

from cpor_web.rules.words import N_

NOT_SIGNED = N_("A report to an address that is not the one of any mail of ours: it may be forged.")
OTHER_RECIPIENT = N_("The report is about another address than the one that the mail went to.")
NOT_UNDERSTOOD = N_("It came back to the mail's own address, but is no report that says what became of it.")
FROM_A_STRANGER = N_("It names a claim, but comes from nobody who was asked about it. It holds nothing: read it.")
NOT_STORED = N_("It could not be stored. It lies in the mailbox still, in the folder “Unreadable”: read it there.")

DIAGNOSES = frozenset({NOT_SIGNED, OTHER_RECIPIENT, NOT_UNDERSTOOD, FROM_A_STRANGER, NOT_STORED})
"""Whatever else is stored as one is the words of whoever sent the report."""
