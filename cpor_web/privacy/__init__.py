"""What is kept of people, how long, and how it is erased. The histories of claims stay whole and verifiable."""
