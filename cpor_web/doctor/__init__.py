"""Looks at an installation's mail from here: settings, server, records, the very bytes sent, and a copy returned."""
