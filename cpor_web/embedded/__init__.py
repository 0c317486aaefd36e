"""What one command needs to run the whole product on one machine: database, queue, mailbox, supervisor.

For demos, development and tests. The servers are real ones (PostgreSQL, Redis), started as foreground
children that die with whoever started them. Nothing here knows Flask.
"""
