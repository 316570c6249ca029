"""Texts of a grammar, from xgrammar's own automaton over a small vocabulary."""

from __future__ import annotations

from functools import lru_cache
from random import Random

import xgrammar

VOCABULARY = (*map(chr, range(0x20, 0x7F)), "\n", "\t", "\x7f", "é", "日", "\u2028", "😀", '":"', '","', "null")
END = len(VOCABULARY)


@lru_cache(maxsize=1)
def compiler() -> xgrammar.GrammarCompiler:
    """For `VOCABULARY` and one token more, which ends the text."""
    tokens = [*(token.encode() for token in VOCABULARY), b"</s>"]
    information = xgrammar.TokenizerInfo(tokens, vocab_type=xgrammar.VocabType.RAW, stop_token_ids=[END])
    return xgrammar.GrammarCompiler(information, max_threads=1)


def accepts(grammar: str, text: str) -> bool:
    matcher = xgrammar.GrammarMatcher(compiler().compile_grammar(grammar))
    return bool(matcher.accept_string(text.encode()) and matcher.accept_token(END))


def walk(grammar: str, chance: Random, *, patience: int = 40, limit: int = 1500) -> str | None:
    """A text that the grammar accepts, token by token at random, hurrying to its end after `patience` characters.

    None if it does not come to its end within `limit` tokens.
    """
    matcher = xgrammar.GrammarMatcher(compiler().compile_grammar(grammar))
    mask = xgrammar.allocate_token_bitmask(1, END + 1)
    text = ""
    for _ in range(limit):
        matcher.fill_next_token_bitmask(mask)
        words = mask[0].tolist()
        allowed = [token for token in range(END + 1) if words[token // 32] >> (token % 32) & 1]
        assert allowed, f"a dead end after {text!r}"
        closing = [token for token in allowed if token == END or VOCABULARY[token] in ('"', "]", "}")]
        hurry = closing and (len(text) > patience or chance.random() < 0.3)
        token = chance.choice(closing if hurry else allowed)
        assert matcher.accept_token(token)
        if token == END:
            return text
        text += VOCABULARY[token]
    return None
