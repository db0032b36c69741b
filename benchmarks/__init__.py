"""Benchmarks: a generator of corpora of any size, what the build is compared with, and how time and memory are measured.

Nothing here is needed to build or read the dataset. The extra ``bench`` brings what it needs.
"""
