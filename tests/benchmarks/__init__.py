"""Measurements: `python -m tests.benchmarks kernels|models|window|all`."""
