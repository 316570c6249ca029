"""A stand-in for the Notion REST API: https://developers.notion.com/reference"""

from evaluation.standins.notion.app import TOKEN, NotionStandIn

__all__ = ["TOKEN", "NotionStandIn"]
