"""Benchmarks of others, each in an environment of its own, on a running server: BFCL and LangChain's standard tests."""

from evaluation.outside.record import BFCL, Case, Category, LangChain, Outside, keep, read

__all__ = ["BFCL", "Case", "Category", "LangChain", "Outside", "keep", "read"]
