"""Measures what the bridge costs against the bare calls it must make; run with `make bench`."""
