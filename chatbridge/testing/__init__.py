"""Simulators and conformance suites for adapter and storage authors, and for hosts' own tests."""
