"""Which phrasing comes next: categories by their shares, and within each its phrasings in turn, shuffled each time.

The phrasing at a position follows from the seed and the position alone, so that work can stop and go on anywhere.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from random import Random

from training.offline.bank import Bank, Template


class Schedule:
    """shares: how often each category comes in a block of as many positions as the shares add up to."""

    def __init__(self, bank: Bank, shares: Mapping[str, int], seed: int) -> None:
        self._templates = {category: bank.of(category) for category in shares}
        self._shares = shares
        self._seed = seed
        self._length = sum(shares.values())
        # Blocks and cycles are asked for in order, a few at a time.
        self._block = functools.lru_cache(maxsize=8)(self._make_block)
        self._cycle = functools.lru_cache(maxsize=64)(self._make_cycle)

    def at(self, position: int) -> Template:
        block, place = divmod(position, self._length)
        categories = self._block(block)
        category = categories[place]
        earlier = block * self._shares[category] + categories[:place].count(category)
        cycle, index = divmod(earlier, len(self._templates[category]))
        return self._cycle(category, cycle)[index]

    def _make_block(self, block: int) -> tuple[str, ...]:
        categories = [category for category, share in self._shares.items() for _ in range(share)]
        Random(f"{self._seed}/block/{block}").shuffle(categories)
        return tuple(categories)

    def _make_cycle(self, category: str, cycle: int) -> tuple[Template, ...]:
        templates = list(self._templates[category])
        Random(f"{self._seed}/{category}/{cycle}").shuffle(templates)
        return tuple(templates)
