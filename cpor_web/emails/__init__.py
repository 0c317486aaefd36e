"""The mails: who gets what, in which words, and how they leave the house."""
