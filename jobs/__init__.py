"""What RQ runs. Every job re-reads its rows and acts only if they are still due, so running one twice is harmless."""
