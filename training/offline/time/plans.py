"""Every plan for the time, by its name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from training.offline.scene import Plan, Scene, named, no_call, one_call, several_calls
from training.offline.script import Call, Script, Task, Unfit
from training.offline.small_talk import thanks
from training.offline.time.said import Said, clock, converted, other_day, place, spelled, time_of_day, zone
from training.offline.time.values import values

UTC = Said("UTC", "")
"""Where nobody says which time zone is meant: the server's own."""


def _now(zone: Said) -> Call:
    return Call("get_current_time", {"timezone": zone.value})


def _conversion(source: Said, time: Said, target: Said) -> Call:
    arguments = {"source_timezone": source.value, "time": time.value, "target_timezone": target.value}
    return Call("convert_time", arguments)


# What time is it?


def now_in(s: Scene[datetime]) -> Task:
    where = place(s)
    return one_call(
        {"place": where.text, "person": s.pick(s.world.people).first},
        _now(where),
        lambda text: f"It is {clock(text):%H:%M} in {where.text}.",
        where.text,
    )


def now_zone(s: Scene[datetime]) -> Task:
    where = zone(s)
    return one_call({"zone": where.text}, _now(where), lambda text: f"It is {spelled(clock(text))} ({where.value}).")


def now_here(s: Scene[datetime]) -> Task:
    return one_call({}, _now(UTC), lambda text: f"It is {clock(text):%H:%M} (UTC).")


def date_here(s: Scene[datetime]) -> Task:
    return one_call({}, _now(UTC), lambda text: f"Today is {clock(text):%A}, {_date(clock(text))} (UTC).")


def date_in(s: Scene[datetime]) -> Task:
    where = place(s)
    return one_call(
        {"place": where.text},
        _now(where),
        lambda text: f"In {where.text} it is {clock(text):%A}, {_date(clock(text))}.",
    )


def day_in(s: Scene[datetime]) -> Task:
    where = place(s)
    return one_call(
        {"place": where.text, "person": s.pick(s.world.people).first},
        _now(where),
        lambda text: f"It is {clock(text):%A} in {where.text}, {clock(text):%H:%M} at the moment.",
    )


def summer_time(s: Scene[datetime]) -> Task:
    where = place(s)

    def answer(text: str) -> str:
        if '"is_dst": true' in text:
            return f"Yes, {where.text} is on summer time now."
        return f"No, {where.text} is not on summer time now."

    return one_call({"place": where.text}, _now(where), answer)


def awake(s: Scene[datetime]) -> Task:
    """Whether somebody may be called there now."""
    where = place(s)

    def answer(text: str) -> str:
        moment = clock(text)
        judged = "a good time" if 8 <= moment.hour < 21 else "rather late" if moment.hour >= 21 else "too early"
        return f"It is {moment:%H:%M} in {where.text}, {judged} to call."

    return one_call({"place": where.text, "person": s.pick(s.world.people).first}, _now(where), answer)


def _date(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"


# What time is it there when it is so late here?


def _told(source: Said, target: Said, text: str) -> str:
    """source, target: with an empty text where nobody named them."""
    told = converted(text)
    there, here = (said.plain or "UTC" for said in (target, source))
    day = other_day(told["source"], told["target"])
    return f"{told['source']:%H:%M} in {here} is {told['target']:%H:%M}{day} in {there}."


def _between(s: Scene[datetime], source: Said, target: Said) -> Task:
    time = time_of_day(s.random)
    words = {"time": time.text, "from": source.text, "to": target.text, "person": s.pick(s.world.people).first}
    words["occasion"] = s.random.choice(values().occasions)
    return one_call(words, _conversion(source, time, target), lambda text: _told(source, target, text), target.text)


def convert(s: Scene[datetime]) -> Task:
    source = place(s)
    return _between(s, source, place(s, source))


def occasion(s: Scene[datetime]) -> Task:
    return convert(s)


def convert_zones(s: Scene[datetime]) -> Task:
    source = zone(s)
    return _between(s, source, zone(s, source))


def to_here(s: Scene[datetime]) -> Task:
    return _between(s, place(s, UTC), UTC)


def from_here(s: Scene[datetime]) -> Task:
    return _between(s, UTC, place(s, UTC))


# Several calls


def now_two(s: Scene[datetime]) -> Task:
    return _now_each(s, 2)


def now_three(s: Scene[datetime]) -> Task:
    return _now_each(s, 3)


def _now_each(s: Scene[datetime], number: int) -> Task:
    places: list[Said] = []
    for _ in range(number):
        places.append(place(s, *places))

    def answer(texts: list[str]) -> str:
        told = [f"{clock(text):%H:%M} in {where.text}" for where, text in zip(places, texts, strict=True)]
        return f"It is {', '.join(told[:-1])} and {told[-1]}."

    words = {"places": s.series([where.text for where in places])}
    return several_calls(words, [_now(where) for where in places], answer)


def difference(s: Scene[datetime]) -> Task:
    """Of two places: the time that it is in each now tells."""
    one = place(s)
    other = place(s, one)

    def answer(texts: list[str]) -> str:
        first, second = map(clock, texts)
        apart = (second.utcoffset() or timedelta()) - (first.utcoffset() or timedelta())
        if not apart:
            return f"None: it is {first:%H:%M} in both."
        hours, minutes = divmod(int(abs(apart).total_seconds()) // 60, 60)
        amount = f"{hours} hour{'' if hours == 1 else 's'}{f' and {minutes} minutes' if minutes else ''}"
        side = "ahead of" if apart > timedelta() else "behind"
        return f"{other.text} is {amount} {side} {one.text}: it is {first:%H:%M} in {one.text}, {second:%H:%M} there."

    return several_calls({"place": one.text, "other": other.text}, [_now(one), _now(other)], answer)


def convert_two(s: Scene[datetime]) -> Task:
    return _convert_each(s, 2)


def convert_three(s: Scene[datetime]) -> Task:
    return _convert_each(s, 3)


def _convert_each(s: Scene[datetime], number: int) -> Task:
    source, time = place(s), time_of_day(s.random)
    targets: list[Said] = []
    for _ in range(number):
        targets.append(place(s, source, *targets))

    def answer(texts: list[str]) -> str:
        return "\n".join(_told(source, target, text) for target, text in zip(targets, texts, strict=True))

    words = {"time": time.text, "from": source.text, "places": s.series([target.text for target in targets])}
    words["occasion"] = s.random.choice(values().occasions)
    return several_calls(words, [_conversion(source, time, target) for target in targets], answer)


def now_and_convert(s: Scene[datetime]) -> Task:
    source, time = place(s), time_of_day(s.random)
    target = place(s, source)

    def answer(texts: list[str]) -> str:
        return f"It is {clock(texts[0]):%H:%M} in {source.text} now. {_told(source, target, texts[1])}"

    words = {"from": source.text, "time": time.text, "to": target.text}
    return several_calls(words, [_now(source), _conversion(source, time, target)], answer)


def day_plan(s: Scene[datetime]) -> Task:
    """From when to when something is, elsewhere."""
    source = place(s)
    target, start = place(s, source), s.random.randrange(7, 12)
    times = [Said(f"{hour:02}:00", f"{hour:02}:00") for hour in (start, start + s.random.randrange(2, 10))]

    def answer(texts: list[str]) -> str:
        first, last = (converted(text) for text in texts)
        day = other_day(first["source"], first["target"])
        times = f"{first['target']:%H:%M}{day} to {last['target']:%H:%M}"
        return f"In {target.text} that is from {times}{other_day(first['target'], last['target'])}."

    words = {"from": source.text, "to": target.text, "start": times[0].text, "end": times[1].text}
    return several_calls(words, [_conversion(source, time, target) for time in times], answer)


# Something is not as the user thinks


def misnamed(s: Scene[datetime]) -> Task:
    """A time zone that there is not; the one that is meant has another name."""
    wrong, right = s.random.choice(list(values().misnamed.items()))

    def script() -> Script:
        yield Call("get_current_time", {"timezone": wrong}, fails=True)
        text = yield Call("get_current_time", {"timezone": right})
        return f"There is no time zone {wrong}. In {right} it is {spelled(clock(text))}."

    return Task({"zone": s.quoted(wrong)}, script())


def misnamed_target(s: Scene[datetime]) -> Task:
    wrong, right = s.random.choice(list(values().misnamed.items()))
    time, source = time_of_day(s.random), place(s, Said(right, ""))

    def script() -> Script:
        target = Said(wrong, wrong)
        failing = _conversion(source, time, target)
        yield Call(failing.tool, failing.arguments, fails=True)
        text = yield _conversion(source, time, Said(right, ""))
        return f"There is no time zone {wrong}, so I took {right}. {_told(source, Said(right, right), text)}"

    return Task({"time": time.text, "from": source.text, "zone": s.quoted(wrong)}, script())


def no_such_time(s: Scene[datetime]) -> Task:
    """An hour or a minute that no day has."""
    hours, minutes = (
        (s.random.randint(25, 29), s.random.randrange(60)),
        (s.random.randrange(24), s.random.randint(60, 99)),
    )
    hour, minute = s.random.choice((hours, minutes))
    source = place(s)
    target, time = place(s, source), f"{hour:02}:{minute:02}"

    def script() -> Script:
        failing = _conversion(source, Said(time, time), target)
        yield Call(failing.tool, failing.arguments, fails=True)
        return f"There is no such time as {time}; a day has 24 hours of 60 minutes."

    return Task({"time": time, "from": source.text, "to": target.text}, script())


# What a user says next


def also_in(s: Scene[datetime]) -> Task:
    known = s.before.calls[-1].arguments["timezone"]
    where = place(s, Said(str(known), ""))
    return one_call({"place": where.text}, _now(where), lambda text: f"It is {spelled(clock(text))} in {where.text}.")


def also_to(s: Scene[datetime]) -> Task:
    past = s.before.calls[-1].arguments
    target = place(s, Said(past["source_timezone"], ""), Said(past["target_timezone"], ""))
    source, time = Said(past["source_timezone"], past["source_timezone"]), Said(past["time"], past["time"])
    return one_call({"place": target.text}, _conversion(source, time, target), lambda text: _told(source, target, text))


def other_time(s: Scene[datetime]) -> Task:
    past, time = s.before.calls[-1].arguments, time_of_day(s.random)
    if time.value == past["time"]:
        raise Unfit("the same time")
    source, target = (Said(past[end], past[end]) for end in ("source_timezone", "target_timezone"))
    return one_call({"time": time.text}, _conversion(source, time, target), lambda text: _told(source, target, text))


# Nothing to do


def talk(s: Scene[datetime]) -> Task:
    return no_call({"place": place(s).text, "person": s.pick(s.world.people).first})


PLANS: Mapping[str, Plan[datetime]] = named(
    now_in,
    now_zone,
    now_here,
    date_here,
    date_in,
    day_in,
    summer_time,
    awake,
    convert,
    occasion,
    convert_zones,
    to_here,
    from_here,
    now_two,
    now_three,
    difference,
    convert_two,
    convert_three,
    now_and_convert,
    day_plan,
    misnamed,
    misnamed_target,
    no_such_time,
    also_in,
    also_to,
    other_time,
    talk,
    thanks,
)
