"""Who decodes, who waits and who is turned away."""

from __future__ import annotations

import asyncio

import pytest

from server.admission import Admission
from server.wire.errors import ApiError
from tests.server.decoding import until


class Customer:
    """Takes a place and a turn, and stays until it is let go."""

    def __init__(self, admission: Admission, order: list[int], number: int) -> None:
        self.leave = asyncio.Event()
        self.task = asyncio.create_task(self._stay(admission, order, number))

    async def _stay(self, admission: Admission, order: list[int], number: int) -> None:
        with admission.admit():
            async with admission.turn():
                order.append(number)
                await self.leave.wait()


def counts(admission: Admission) -> tuple[int, int, int]:
    return admission.admitted, admission.decoding, admission.queued


async def test_so_many_decode_so_many_wait_and_the_rest_is_turned_away() -> None:
    admission, order = Admission(running=2, waiting=1), list[int]()
    customers = [Customer(admission, order, number) for number in range(3)]
    await until(lambda: counts(admission) == (3, 2, 1))
    with pytest.raises(ApiError) as caught:
        admission.admit()
    assert (caught.value.status, caught.value.code, caught.value.headers) == (429, "queue_full", {"Retry-After": "1"})
    for customer in customers:
        customer.leave.set()
        await customer.task
    assert counts(admission) == (0, 0, 0)
    assert admission.admit()


async def test_first_come_first_served() -> None:
    admission, order = Admission(running=1, waiting=9), list[int]()
    customers = [Customer(admission, order, number) for number in range(5)]
    for customer in customers:
        customer.leave.set()
    await asyncio.gather(*(customer.task for customer in customers))
    assert order == [0, 1, 2, 3, 4]


async def test_a_place_and_a_turn_are_given_up_when_the_request_is_cancelled() -> None:
    admission, order = Admission(running=1, waiting=2), list[int]()
    decoding, waiting, last = (Customer(admission, order, number) for number in range(3))
    await until(lambda: counts(admission) == (3, 1, 2))
    waiting.task.cancel()
    await until(lambda: counts(admission) == (2, 1, 1))
    decoding.task.cancel()
    await until(lambda: order == [0, 2])
    last.leave.set()
    await last.task
    assert counts(admission) == (0, 0, 0)


async def test_a_place_and_a_turn_are_given_up_when_the_request_fails() -> None:
    admission = Admission(running=1, waiting=0)
    for _ in range(3):
        with pytest.raises(RuntimeError), admission.admit():
            async with admission.turn():
                raise RuntimeError
    assert counts(admission) == (0, 0, 0)


async def test_a_ticket_gives_its_place_up_once() -> None:
    admission = Admission(running=1, waiting=1)
    ticket = admission.admit()
    admission.admit()
    with ticket:
        ticket.release()
    ticket.release()
    assert admission.admitted == 1


@pytest.mark.parametrize(("seconds", "expected"), [(0.0, 1), (1.2, 3), (2.0, 4), (1000.0, 60)])
async def test_the_time_to_wait_is_guessed_from_the_queue_and_from_recent_requests(
    seconds: float, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    admission = Admission(running=2, waiting=3)
    clock = iter(number * seconds for number in range(1000))
    monkeypatch.setattr("server.admission.time.monotonic", lambda: next(clock))
    for _ in range(40):
        async with admission.turn():
            pass
    tickets = [admission.admit() for _ in range(5)]
    assert len(tickets) == admission.queued == 5
    async with admission.turn(), admission.turn():
        with pytest.raises(ApiError) as caught:
            admission.admit()
    # Four turns, the newcomer's included, two at a time.
    assert caught.value.headers == {"Retry-After": str(expected)}
