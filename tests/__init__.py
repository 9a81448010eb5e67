"""Tests, and the benchmark beside them."""
