"""Tries to break the library for as long as one likes, towards what a release wants."""
