"""Mail that comes back: reports of undelivered mail, and people's replies. What is kept, and what follows from it."""
