"""The web server, and the processes that it and the workers of mail fork."""
