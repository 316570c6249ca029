"""An engine that outlives the engines it starts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import pytest

from adapters import Adapter
from server.engine import supervisor
from server.engine.base import AdapterRejected, Engine, EngineError, EngineUnavailable, Sampling
from server.engine.scripted import ScriptedEngine
from server.engine.supervisor import LONGEST_PAUSE, SupervisedEngine
from tests.server.decoding import HELLO, until
from tests.server.toy import ADAPTERS, prompts

FIRST, SECOND, THIRD = ADAPTERS
PROMPT = prompts().answer(prompts().conversation(HELLO))
DIED = EngineUnavailable("died")


class Mortal(ScriptedEngine):
    """An engine that refuses the adapters of `refused`, and tells what became of it."""

    refused = frozenset[str]()

    def __init__(self) -> None:
        super().__init__(lambda generation: "Hi.")
        self.closed = 0

    async def load_adapter(self, adapter: Adapter) -> None:
        if adapter.name in self.refused:
            raise AdapterRejected(f"refused {adapter.name}")
        await super().load_adapter(adapter)

    async def close(self) -> None:
        self.closed += 1


class Nursery:
    """Starts engines; each failure of `failures` is one start that fails before they come."""

    def __init__(self, make: Callable[[], Mortal] = Mortal, failures: list[Exception] | None = None) -> None:
        self._make = make
        self.failures = failures or []
        self.born: list[Mortal] = []

    async def __call__(self) -> Engine:
        if self.failures:
            raise self.failures.pop(0)
        self.born.append(self._make())
        return self.born[-1]


@asynccontextmanager
async def kept_up(kept: SupervisedEngine) -> AsyncGenerator[None, None]:
    running = asyncio.create_task(kept.run())
    try:
        async with asyncio.timeout(20):
            await kept.ready.wait()
            yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await kept.close()


def supervised(
    nursery: Nursery, *adapters: Adapter, check_every: float = 60, first_pause: float = 0
) -> SupervisedEngine:
    return SupervisedEngine(nursery, adapters, check_every=check_every, first_pause=first_pause)


async def said(kept: SupervisedEngine) -> str:
    return "".join([piece.text async for piece in kept.generate(PROMPT, Sampling(9))])


async def test_before_the_first_start_every_call_says_that_the_model_is_loading() -> None:
    kept = supervised(Nursery())
    for call in (lambda: said(kept), kept.health, lambda: kept.load_adapter(FIRST)):
        with pytest.raises(EngineUnavailable, match="loading the model"):
            await call()
    with pytest.raises(EngineUnavailable, match="loading the model"):
        _ = kept.model


async def test_once_started_it_is_the_engine() -> None:
    nursery = Nursery()
    kept = supervised(nursery)
    async with kept_up(kept):
        assert (await said(kept), kept.model, kept.starts) == ("Hi.", nursery.born[0].model, 1)
        await kept.health()
    assert nursery.born[0].closed == 1
    with pytest.raises(EngineUnavailable, match="shutting down"):
        await kept.health()


@pytest.mark.parametrize("failure", [EngineError("no memory"), OSError("no disk")])
async def test_a_first_start_that_fails_is_raised(failure: Exception) -> None:
    with pytest.raises(type(failure), match=str(failure)):
        await supervised(Nursery(failures=[failure])).run()


async def test_a_death_that_a_request_meets_is_mended_at_once() -> None:
    nursery = Nursery()
    kept = supervised(nursery)
    async with kept_up(kept):
        first = nursery.born[0]
        first.failure = DIED
        first._next = lambda generation: DIED
        with pytest.raises(EngineUnavailable, match="died"):
            await said(kept)
        await until(lambda: kept.starts == 2 and kept.ready.is_set())
        assert (await said(kept), first.closed) == ("Hi.", 1)


async def test_a_death_that_nobody_meets_is_noticed_too() -> None:
    nursery = Nursery()
    kept = supervised(nursery, check_every=0.01)
    async with kept_up(kept):
        nursery.born[0].failure = DIED
        await until(lambda: kept.starts == 2 and kept.ready.is_set())
        assert await said(kept) == "Hi."


async def test_a_failure_of_one_request_alone_is_no_death() -> None:
    nursery = Nursery()
    kept = supervised(nursery)
    async with kept_up(kept):
        healthy, nursery.born[0]._next = nursery.born[0]._next, lambda generation: DIED
        with pytest.raises(EngineUnavailable):
            await said(kept)
        nursery.born[0]._next = healthy
        assert (await said(kept), kept.starts) == ("Hi.", 1)


async def test_while_it_is_restarted_calls_say_so_and_the_model_is_still_known() -> None:
    nursery = Nursery()
    kept = supervised(nursery, check_every=0.01, first_pause=60)
    async with kept_up(kept):
        nursery.born[0].failure = DIED
        await until(lambda: not kept.ready.is_set())
        with pytest.raises(EngineUnavailable, match="is being restarted"):
            await said(kept)
        assert kept.model == nursery.born[0].model


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between starts, which then take no time."""
    taken: list[float] = []
    sleep = asyncio.sleep

    async def at_once(seconds: float) -> None:
        if seconds:
            taken.append(seconds)
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", at_once)
    return taken


async def test_the_pauses_between_starts_grow_to_a_limit(pauses: list[float]) -> None:
    nursery = Nursery()
    kept = supervised(nursery, check_every=0.01, first_pause=5)
    async with kept_up(kept):
        nursery.failures = [EngineError("no memory"), OSError("odd"), RuntimeError("odder"), EngineError("x")]
        nursery.born[0].failure = DIED
        await until(lambda: kept.starts == 2 and kept.ready.is_set())
    assert pauses == [5, 10, 20, 40, LONGEST_PAUSE]


async def test_an_engine_that_lived_long_is_started_again_without_a_grown_pause(
    pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "SETTLED_AFTER", -1)
    nursery = Nursery()
    kept = supervised(nursery, check_every=0.01, first_pause=5)
    async with kept_up(kept):
        for life in range(3):
            nursery.born[life].failure = DIED
            await until(lambda life=life: kept.starts == life + 2 and kept.ready.is_set())  # type: ignore[misc]
    assert pauses == [5, 5, 5]


async def test_the_adapters_that_were_loaded_are_loaded_again() -> None:
    nursery = Nursery()
    kept = supervised(nursery, FIRST, SECOND, check_every=0.01)
    async with kept_up(kept):
        await kept.load_adapter(THIRD)
        await kept.unload_adapter(FIRST.name)
        nursery.born[0].failure = DIED
        await until(lambda: kept.starts == 2 and kept.ready.is_set())
    assert [engine.adapters for engine in nursery.born] == [{item.name: item for item in (SECOND, THIRD)}] * 2


async def test_an_adapter_that_a_new_engine_refuses_is_reported_and_left_out() -> None:
    lost: list[str] = []
    nursery = Nursery()
    kept = SupervisedEngine(nursery, ADAPTERS, on_lost=lost.append, check_every=0.01, first_pause=0)
    async with kept_up(kept):
        Mortal.refused = frozenset({SECOND.name})
        try:
            for life in (0, 1):
                nursery.born[life].failure = DIED
                await until(lambda life=life: kept.starts == life + 2 and kept.ready.is_set())  # type: ignore[misc]
        finally:
            Mortal.refused = frozenset()
    assert (lost, list(nursery.born[2].adapters)) == ([SECOND.name], [FIRST.name, THIRD.name])


async def test_an_adapter_whose_files_have_changed_since_is_left_out_of_a_restart() -> None:
    lost: list[str] = []
    nursery = Nursery()
    kept = SupervisedEngine(
        nursery,
        [FIRST, SECOND],
        on_lost=lost.append,
        is_unchanged=lambda adapter: adapter is FIRST,
        first_pause=0,
        check_every=0.01,
    )
    async with kept_up(kept):
        await kept.ready.wait()
        assert nursery.born[0].adapters == {FIRST.name: FIRST, SECOND.name: SECOND}, "the first start trusts the check"
        nursery.born[0].failure = DIED
        await until(lambda: len(nursery.born) == 2 and kept.ready.is_set())
        assert nursery.born[1].adapters == {FIRST.name: FIRST}
    assert lost == [SECOND.name]


async def test_an_adapter_that_is_unloaded_during_a_restart_stays_out() -> None:
    class Unloading(Mortal):
        async def load_adapter(self, adapter: Adapter) -> None:
            if kept.starts == 2:
                await kept.unload_adapter(FIRST.name)
            await super().load_adapter(adapter)

    nursery = Nursery(Unloading)
    kept = supervised(nursery, FIRST, SECOND, check_every=0.01)
    async with kept_up(kept):
        nursery.born[0].failure = DIED
        await until(lambda: kept.starts == 2 and kept.ready.is_set())
    assert list(nursery.born[1].adapters) == [SECOND.name]


async def test_an_engine_that_dies_while_its_adapters_are_loaded_is_closed() -> None:
    class Weak(Mortal):
        async def load_adapter(self, adapter: Adapter) -> None:
            raise DIED

    nursery = Nursery(Weak)
    with pytest.raises(EngineUnavailable, match="died"):
        await supervised(nursery, FIRST).run()
    assert nursery.born[0].closed == 1


async def test_an_engine_that_cannot_even_be_closed_does_not_stop_the_next() -> None:
    class Stubborn(Mortal):
        async def health(self) -> None:
            if self.failure:
                raise RuntimeError("odd")

        async def close(self) -> None:
            raise OSError("stuck")

    nursery = Nursery(Stubborn)
    kept = supervised(nursery, check_every=0.01)
    running = asyncio.create_task(kept.run())
    await kept.ready.wait()
    nursery.born[0].failure = DIED
    await until(lambda: kept.starts == 2 and kept.ready.is_set())
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
