"""The mails that the golden files are written from: those of the preview, in `cpor_web/samples/mails.py`."""

from cpor_web.samples.mails import AT, CUSTOMER, DENY, LINKS, NOT_DUE, SPECIMENS, kind_of

__all__ = ["AT", "CUSTOMER", "DENY", "LINKS", "NOT_DUE", "SPECIMENS", "kind_of"]
