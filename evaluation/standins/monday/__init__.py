"""A stand-in for the monday.com GraphQL API: https://developer.monday.com/api-reference"""

from evaluation.standins.monday.app import TOKEN, MondayStandIn

__all__ = ["TOKEN", "MondayStandIn"]
