"""What a user may say next after what."""

from __future__ import annotations

from collections.abc import Mapping

_PART = ("read_head", "read_tail", "read_first", "read_last")
_READ = ("read_whole", "read_about", "read_count", "find_read_name", "list_read")
_FACTS = ("info_all", "info_size", "info_modified", "info_created", "info_exists", "find_info", "list_info")
_WRITTEN = ("write_text", "write_items", "write_block", "write_empty", "copy")
_CHANGED = ("replace", "replace_line", "add_after", "set_value", "append")
_MOVED = ("move_into", "rename", "move_to", "move_up", "change_extension")
_MEDIA = ("see_image", "hear_sound", "get_media")
_FILE = (*_PART, *_READ, *_FACTS, "write_text", "write_items", "rename", "move_into", "replace")
_LISTED = ("list_folder", "sizes_plain", "sizes_by_size", "list_count")
_FOUND = ("search_kind", "search_word", "search_starting", "search_glob", "search_without")
_MADE = ("make_folder", "make_folder_in")

EARLIER: Mapping[str, tuple[str, ...]] = {
    # It
    "it_whole": _PART,
    "it_read": (*_FACTS, *_WRITTEN, *_CHANGED, *_MOVED, "read_first"),
    "it_head": _FACTS,
    "it_tail": (*_FACTS, "read_head", "read_first"),
    "it_info": (*_READ, *_PART, *_MEDIA, "write_text", "rename", "move_into"),
    "it_rename": (*_FILE, *_MEDIA),
    "it_move": (*_FILE, *_MEDIA),
    "it_replace": _READ,
    "it_copy": _READ,
    # The same again
    "other_file": (*_PART, "read_whole", "read_count", "info_all", "info_size", "info_modified", *_MEDIA),
    "other_place": (*_LISTED, "tree_plain", "sizes_total", "search_kind"),
    # One or more of those
    "entry_read": _LISTED,
    "entries_read": _LISTED,
    "entry_info": ("list_folder", "list_count"),
    "entry_list": ("list_folder", "sizes_plain"),
    "entry_move": _LISTED,
    "entry_rename": _LISTED,
    "same_sizes": ("list_folder", "list_count"),
    "same_by_size": ("sizes_plain", "list_folder"),
    "same_tree": ("list_folder", "sizes_plain", "list_count"),
    "found_read": _FOUND,
    "found_read_all": _FOUND,
    "found_info": _FOUND,
    "found_move": _FOUND,
    "in_new_move": _MADE,
    "in_new_write": _MADE,
    "in_new_folder": _MADE,
    # Taken back
    "undo_move": (*_MOVED, "rename_folder", "move_folder"),
    "undo_replace": ("replace", "replace_line"),
    # Nothing to do
    "thanks": (*_FILE, *_LISTED, *_FOUND, *_MEDIA, *_MADE, *_MOVED, "tree_plain", "allowed", "compare_files"),
    "recall": (*_FILE, *_LISTED, *_FOUND, *_MADE, *_MOVED, "allowed", "sizes_total"),
    "which_largest": ("sizes_plain", "sizes_by_size"),
    "how_many": ("list_folder", *_FOUND),
}
"""For each plan that follows on another, those that it may follow."""
