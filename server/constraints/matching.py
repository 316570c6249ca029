"""A string that a pattern matches, found by walking xgrammar's automaton of it."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import Any, Final

from server.constraints.guard import pattern_size

_ALPHABET: Final = "".join(map(chr, range(0x20, 0x7F)))
_END: Final = len(_ALPHABET)
_LONGEST: Final = 300
_LOOK_AROUND: Final = re.compile(r"\(\?<?[=!](?:[^()\\]|\\.)*\)")


def matching(pattern: str, least: int = 0) -> str | None:
    """A short string of at least `least` characters that `pattern` matches; None if none was found.

    A candidate only: xgrammar does not know all of regular expressions, and look-around is passed over.
    """
    import xgrammar

    if least > _LONGEST or pattern_size(pattern) > _LONGEST:
        return None
    try:
        compiled = _compiler().compile_grammar(xgrammar.Grammar.from_regex(_LOOK_AROUND.sub("", pattern)))
    except RuntimeError:
        return None
    matcher, mask = xgrammar.GrammarMatcher(compiled), xgrammar.allocate_token_bitmask(1, _END + 1)
    # The pattern's own characters get it to its end sooner than others.
    own = sorted((c for c in pattern if c in _ALPHABET), key=lambda c: not c.isalnum())
    preferred = [*map(_ALPHABET.index, own), *range(_END)]
    text, used = "", Counter[int]()
    while len(text) < _LONGEST:
        matcher.fill_next_token_bitmask(mask)
        allowed = {token for token in range(_END + 1) if int(mask[0][token // 32]) >> (token % 32) & 1}
        if _END in allowed and len(text) >= least:
            return text
        # In turn, so that none is repeated for ever.
        choice = min((token for token in preferred if token in allowed), key=lambda token: used[token], default=None)
        if choice is None or not matcher.accept_token(choice):
            return None
        used[choice] += 1
        text += _ALPHABET[choice]
    return None


@lru_cache(maxsize=1)
def _compiler() -> Any:
    from xgrammar import GrammarCompiler, TokenizerInfo, VocabType

    tokens = [*_ALPHABET, "the end"]
    return GrammarCompiler(TokenizerInfo(tokens, vocab_type=VocabType.RAW, stop_token_ids=[_END]), max_threads=1)
