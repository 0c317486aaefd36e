"""Looks at the sample from outside: pictures, the Nu HTML checker, Lighthouse. Run by make, not by pytest."""
