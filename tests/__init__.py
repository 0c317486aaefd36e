"""Tests mirror the code; journeys and browser runs stand on top."""
