"""Consent: the customer's seven days. Rounds open on approval and close at their end; answers come by link."""
