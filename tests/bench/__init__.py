"""Benchmarks: ratios against the peer in one interleaved run, and real-time endurance."""
