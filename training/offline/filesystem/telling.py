"""Conversations about a workspace."""

from __future__ import annotations

from random import Random

from training.offline.acting import Room
from training.offline.bank import Bank
from training.offline.filesystem.ground import Ground
from training.offline.filesystem.order import EARLIER
from training.offline.filesystem.plans import PLANS
from training.offline.filesystem.scene import Scene
from training.offline.script import Earlier
from training.offline.telling import Teller
from training.offline.wording import frames

_CHANGING = frozenset({"write_file", "edit_file", "create_directory", "move_file"})


def teller(bank: Bank, ground: Ground, room: Room) -> Teller[Scene]:
    """Talks about one workspace, by the phrasings of a bank."""

    def scene(random: Random, slots: frozenset[str], earlier: Earlier | None) -> Scene:
        return Scene(
            random=random,
            view=ground.look(),
            root=ground.root,
            slots=slots,
            sentence=ground.sentence,
            person=ground.person,
            earlier=earlier,
        )

    systems = [words.format(root=ground.root) for words in frames().systems]
    return Teller(bank, room, systems, PLANS, scene, EARLIER, _CHANGING)
