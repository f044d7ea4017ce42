"""Holds the documentation to what is."""
