"""Benchmarks of others, in environments of their own, put to a server that runs: BFCL and LangChain's standard tests."""

from evaluation.outside.record import BFCL, Category, LangChain, Outside, Test, keep, read

__all__ = ["BFCL", "Category", "LangChain", "Outside", "Test", "keep", "read"]
