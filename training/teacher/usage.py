"""What a teacher's answers take: tokens, and money where the price is known."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

_MILLION = 1_000_000


class Usage(BaseModel):
    """Tokens of one answer, or of many; the tokens that a model thinks in count as output."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: int = 0
    output: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(input=self.input + other.input, output=self.output + other.output)


@dataclass(frozen=True)
class Price:
    """Of a million tokens, in whatever currency. Discounts, as for cached input, are not known here."""

    input: float
    output: float

    def of(self, usage: Usage) -> float:
        return (usage.input * self.input + usage.output * self.output) / _MILLION


def spent(usage: Usage, price: Price | None) -> str:
    """In words, for people."""
    text = f"{usage.input:,} tokens in, {usage.output:,} out"
    return f"{text}, cost {price.of(usage):,.2f}" if price else text
