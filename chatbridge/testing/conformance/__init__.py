"""What the conformance suites are made of, one topic a file; `chatbridge.testing` has the doors."""
