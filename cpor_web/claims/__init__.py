"""Claims: what can be done with one (`operations`), seen of them (`queries`), and typed into a form (`drafts`)."""
