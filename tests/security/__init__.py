"""Lets scanners loose on the sample: wapiti as each kind of user, sqlmap on search and filters. Run by make."""
