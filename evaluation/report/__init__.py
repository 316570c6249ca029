"""From a folder of results to a page that a person reads and a JSON file that a script does."""

from evaluation.report.gather import Report, gather
from evaluation.report.page import write_report

__all__ = ["Report", "gather", "write_report"]
