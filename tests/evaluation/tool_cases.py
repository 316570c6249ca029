"""Good and bad input for every shipped tool: what `test_shipped_tools` calls the real servers with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NOBODY = "00000000-0000-4000-8000-000000000000"


def words(content: str) -> list[dict[str, Any]]:
    """Rich text of Notion's."""
    return [{"type": "text", "text": {"content": content}}]


def paragraph(content: str) -> dict[str, Any]:
    return {"type": "paragraph", "paragraph": {"rich_text": words(content)}}


Case = tuple[str, Mapping[str, Any], str]
"""A tool, its arguments, and a part of the answer.

What is in braces is known when the servers run: `{root}` is the workspace, the others are ids of
what the stand-ins were seeded with.
"""

GOOD: dict[str, list[Case]] = {
    "filesystem": [
        ("list_allowed_directories", {}, "{root}"),
        ("list_directory", {"path": "{root}"}, "[DIR] reports"),
        ("list_directory_with_sizes", {"path": "{root}", "sortBy": "size"}, "[FILE] notes.txt"),
        ("directory_tree", {"path": "{root}", "excludePatterns": [".git"]}, "märz.txt"),
        ("search_files", {"path": "{root}", "pattern": "**/*.txt"}, "{root}/reports/märz.txt"),
        ("get_file_info", {"path": "{root}/notes.txt"}, "isFile: true"),
        ("read_text_file", {"path": "{root}/notes.txt", "head": 1}, "first"),
        ("read_file", {"path": "{root}/notes.txt", "tail": 2}, "fourth"),
        ("read_media_file", {"path": "{root}/dot.png"}, "[image/png, 70 bytes, not shown]"),
        ("read_multiple_files", {"paths": ["{root}/notes.txt", "{root}/gone"]}, "ENOENT"),
        ("create_directory", {"path": "{root}/a/b"}, "Successfully created"),
        ("write_file", {"path": "{root}/a/b/ü.txt", "content": "old"}, "Successfully wrote"),
        ("edit_file", {"path": "{root}/a/b/ü.txt", "edits": [{"oldText": "old", "newText": "new"}]}, "+new"),
        ("move_file", {"source": "{root}/a/b/ü.txt", "destination": "{root}/done.txt"}, "Successfully moved"),
    ],
    "memory": [
        (
            "create_entities",
            {"entities": [{"name": n, "entityType": "person", "observations": ["tall"]} for n in ("Ada", "Ben")]},
            "Ada",
        ),
        ("create_relations", {"relations": [{"from": "Ada", "to": "Ben", "relationType": "knows"}]}, "knows"),
        ("add_observations", {"observations": [{"entityName": "Ada", "contents": ["plays chess"]}]}, "plays chess"),
        ("search_nodes", {"query": "chess"}, "Ada"),
        ("open_nodes", {"names": ["Ben"]}, "Ben"),
        ("delete_observations", {"deletions": [{"entityName": "Ada", "observations": ["tall"]}]}, "deleted"),
        ("delete_relations", {"relations": [{"from": "Ada", "to": "Ben", "relationType": "knows"}]}, "deleted"),
        ("delete_entities", {"entityNames": ["Ben"]}, "deleted"),
        ("read_graph", {}, "plays chess"),
    ],
    "git": [
        ("git_status", {"repo_path": "{root}"}, "notes.txt"),
        ("git_diff_unstaged", {"repo_path": "{root}"}, "+fourth"),
        ("git_add", {"repo_path": "{root}", "files": ["notes.txt"]}, "staged"),
        ("git_diff_staged", {"repo_path": "{root}"}, "+fourth"),
        ("git_reset", {"repo_path": "{root}"}, "reset"),
        ("git_add", {"repo_path": "{root}", "files": ["notes.txt"]}, "staged"),
        ("git_commit", {"repo_path": "{root}", "message": "More notes"}, "committed"),
        ("git_log", {"repo_path": "{root}", "max_count": 1}, "More notes"),
        ("git_show", {"repo_path": "{root}", "revision": "HEAD"}, "+fourth"),
        ("git_diff", {"repo_path": "{root}", "target": "draft"}, "fourth"),
        ("git_branch", {"repo_path": "{root}", "branch_type": "local"}, "draft"),
        ("git_create_branch", {"repo_path": "{root}", "branch_name": "next"}, "next"),
        ("git_checkout", {"repo_path": "{root}", "branch_name": "draft"}, "draft"),
    ],
    "time": [
        ("get_current_time", {"timezone": "Europe/Oslo"}, "Europe/Oslo"),
        (
            "convert_time",
            {"source_timezone": "UTC", "time": "12:00", "target_timezone": "Asia/Tokyo"},
            "T21:00:00+09:00",
        ),
    ],
    "notion": [
        ("API-post-search", {"query": "how we work", "page_size": 5}, "{page}"),
        ("API-retrieve-a-page", {"page_id": "{page}"}, "How we work"),
        ("API-get-block-children", {"block_id": "{page}"}, '"type":"paragraph"'),
        ("API-post-page", {"parent": {"page_id": "{page}"}, "properties": {"title": words("Note")}}, "Note"),
        ("API-patch-page", {"page_id": "{page}", "properties": {"title": words("How we work now")}}, "work now"),
        ("API-patch-block-children", {"block_id": "{page}", "children": [paragraph("One more")]}, "One more"),
        ("API-retrieve-a-data-source", {"data_source_id": "{source}"}, '"Status"'),
        (
            "API-query-data-source",
            {"data_source_id": "{source}", "filter": {"property": "Status", "status": {"equals": "Done"}}},
            '"name":"Done"',
        ),
        ("API-create-a-comment", {"parent": {"page_id": "{page}"}, "rich_text": words("Agreed")}, "Agreed"),
    ],
    "monday": [
        ("search", {"searchType": "BOARD", "searchTerm": "clients"}, "Clients"),
        ("get_board_info", {"boardId": "{board}"}, "due_date"),
        ("get_board_items_page", {"boardId": "{board}", "limit": 100}, "{item}"),
        ("create_group", {"boardId": "{board_text}", "groupName": "Urgent"}, "urgent"),
        ("create_item", {"boardId": "{board}", "name": "Call back", "columnValues": '{"hours": "4"}'}, "Call back"),
        (
            "change_item_column_values",
            {"boardId": "{board}", "itemId": "{item}", "columnValues": '{"status": {"label": "Done"}}'},
            "{item}",
        ),
        ("move_item_to_group", {"itemId": "{item}", "groupId": "finished"}, "{item}"),
        ("create_update", {"itemId": "{item}", "body": "<p>All set</p>"}, "{item}"),
        ("get_updates", {"objectId": "{item_text}", "objectType": "Item"}, "All set"),
    ],
}

BAD: dict[str, list[Case]] = {
    "filesystem": [
        ("list_directory", {"path": "/etc"}, "Access denied"),
        ("list_directory_with_sizes", {"path": "{root}/gone"}, "ENOENT"),
        ("directory_tree", {"path": "{root}/../.."}, "Access denied"),
        ("search_files", {"path": "{root}"}, "pattern"),
        ("get_file_info", {"path": "{root}/gone"}, "ENOENT"),
        ("read_text_file", {"path": "/etc/passwd"}, "Access denied"),
        ("read_file", {"path": "{root}/gone"}, "ENOENT"),
        ("read_media_file", {"path": "/etc/passwd"}, "Access denied"),
        ("read_multiple_files", {"paths": "{root}/notes.txt"}, "paths"),
        ("create_directory", {"path": "/tmp/elsewhere"}, "Access denied"),
        ("write_file", {"path": "{root}/reports", "content": "x"}, "EISDIR"),
        ("edit_file", {"path": "{root}/notes.txt", "edits": [{"oldText": "none", "newText": "x"}]}, "Could not find"),
        ("move_file", {"source": "{root}/notes.txt", "destination": "{root}/reports/märz.txt"}, "already exists"),
    ],
    "memory": [
        ("create_entities", {"entities": [{"name": "Ada"}]}, "entityType"),
        ("create_relations", {"relations": [{"from": "Ada"}]}, "relationType"),
        ("add_observations", {"observations": [{"entityName": "Zoe", "contents": ["x"]}]}, "not found"),
        ("delete_observations", {"deletions": [{}]}, "entityName"),
        ("delete_relations", {}, "relations"),
        ("delete_entities", {"entityNames": "Ada"}, "entityNames"),
        ("search_nodes", {}, "query"),
        ("open_nodes", {"names": 3}, "names"),
    ],
    "git": [
        ("git_status", {"repo_path": "/etc"}, "outside"),
        ("git_diff_unstaged", {}, "repo_path"),
        ("git_diff_staged", {"repo_path": 3}, "repo_path"),
        ("git_diff", {"repo_path": "{root}", "target": "gone"}, "gone"),
        ("git_commit", {"repo_path": "{root}"}, "message"),
        ("git_add", {"repo_path": "{root}", "files": ["gone.txt"]}, "gone.txt"),
        ("git_reset", {"repo_path": "/"}, "outside"),
        ("git_log", {"repo_path": "{root}", "max_count": "many"}, "max_count"),
        ("git_create_branch", {"repo_path": "{root}", "branch_name": "draft"}, "draft"),
        ("git_checkout", {"repo_path": "{root}", "branch_name": "gone"}, "gone"),
        ("git_show", {"repo_path": "{root}", "revision": "gone"}, "gone"),
        ("git_branch", {"repo_path": "{root}", "branch_type": "odd"}, "odd"),
    ],
    "time": [
        ("get_current_time", {"timezone": "Europe/Atlantis"}, "Atlantis"),
        ("convert_time", {"source_timezone": "UTC", "time": "25:00", "target_timezone": "UTC"}, "Invalid time"),
    ],
    "notion": [
        ("API-post-search", {"page_size": 1000}, "validation_error"),
        ("API-retrieve-a-page", {"page_id": NOBODY}, "object_not_found"),
        ("API-get-block-children", {"block_id": "my page"}, "validation_error"),
        ("API-post-page", {"parent": {"page_id": NOBODY}, "properties": {"title": words("Note")}}, "object_not_found"),
        ("API-patch-page", {"page_id": "{page}", "properties": {"Size": {"number": 3}}}, "validation_error"),
        ("API-patch-block-children", {"block_id": "{page}", "children": ["text"]}, "validation_error"),
        ("API-retrieve-a-data-source", {"data_source_id": "{page}"}, "object_not_found"),
        (
            "API-query-data-source",
            {"data_source_id": "{source}", "filter": {"property": "Status", "select": {"equals": "Done"}}},
            "validation_error",
        ),
        ("API-create-a-comment", {"parent": {"page_id": NOBODY}, "rich_text": words("Agreed")}, "object_not_found"),
    ],
    "monday": [
        ("search", {"searchType": "BOARD"}, "searchTerm is required"),
        ("get_board_info", {"boardId": "the first"}, "boardId"),
        (
            "get_board_items_page",
            {"boardId": "{board}", "filters": [{"columnId": "nope", "compareValue": "x"}]},
            "column ID",
        ),
        ("create_group", {"boardId": "1", "groupName": "Urgent"}, "board ID"),
        ("create_item", {"boardId": "{board}", "name": "Call", "columnValues": "{"}, "JSON"),
        (
            "change_item_column_values",
            {"boardId": "{board}", "itemId": "{item}", "columnValues": '{"status": {"label": "Lost"}}'},
            "possible statuses are",
        ),
        ("move_item_to_group", {"itemId": "{item}", "groupId": "nowhere"}, "group ID"),
        ("create_update", {"itemId": 1, "body": "x"}, "item ID"),
        ("get_updates", {"objectId": "{board_text}", "objectType": "Item", "limit": 1000}, "limit"),
    ],
}

NO_BAD_INPUT = {"list_allowed_directories", "read_graph"}
"""These take no arguments."""
