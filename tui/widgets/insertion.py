"""A call from the palette as a step ready to run, and the place in the plan's text where it goes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from zcquest.engine.calls import CALLS, Call, Kind, Parameter
from zcquest.engine.calls.base import ACK_SIZE, DESCRIPTORS, MEMORIES, MESSAGE, REJECTED
from zcquest.engine.places import Place
from zcquest.engine.plan import Argument, Lane, Plan, Span, Step
from zcquest.engine.sizes import format_size

USUAL_SIZE = 64 << 10
_NOWHERE = Span(1, 1, 0)
_INDENT = "    "
_ADVICE = ("sequential", "willneed")


@dataclass(frozen=True, slots=True)
class Insertion:
    """Lines to put into the text before 0-based `row`, in place of `replaced` lines there."""

    row: int
    replaced: int
    lines: tuple[str, ...]


def ready_step(name: str, plan: Plan, lane: Lane = Lane.REPEAT) -> str:
    """The call `name` with arguments that suit `plan`: its bytes flow the right way, in the size used so far.

    In a lane of rejected messages it is one message that moves: to the DLQ, or, where that is another lane's work, to
    the consumer once more.
    """
    call = CALLS[name]
    mapped = any(step.call == "mmap" for step in plan.steps)
    piped = any(route.target is Place.PIPE for step in plan.steps for route in CALLS[step.call].routes(step))
    if receives(plan) and name == "send":
        return f"send(sock, ack, {ACK_SIZE})"
    choices = [_choices(parameter, plan, lane) for parameter in call.parameters if not parameter.optional]
    arguments = min(
        product(*choices), key=lambda words: _oddness(call, words, mapped, piped, _wanted_target(call, plan, lane))
    )
    return f"{name}({', '.join(format_size(word) if isinstance(word, int) else word for word in arguments)})"


def lane_for(name: str, text: str, cursor: int, *, writing: bool) -> Lane:
    """The lane that a step of the call `name` goes to: the cursor's, if that suits it.

    Unless the player is `writing` at the cursor, a call that only prepares goes to `once:`, and others to `repeat:`,
    but in a lane of rejected messages the player means that lane.
    """
    lines = text.split("\n")
    call = CALLS[name]
    here = _lane_at(lines, min(cursor, len(lines) - 1))
    prepares = call.system and not call.moves
    if here is not None and (writing or (here in REJECTED and not prepares)):
        return here
    return Lane.ONCE if prepares else Lane.REPEAT


def place_step(text: str, step: str, cursor: int, suits: Lane) -> Insertion:
    """Where `step` goes: after the cursor's line if that is in the lane that suits it, else to the end of that lane."""
    lines = text.split("\n")
    cursor = min(cursor, len(lines) - 1)
    if _lane_at(lines, cursor) == suits:
        return _after(lines, cursor, step)
    header = next((row for row, line in enumerate(lines) if _header(line) == suits), None)
    if header is not None:
        return _after(lines, _last_of_lane(lines, header), step)
    written = (f"{suits}:", _INDENT + step)
    if suits is Lane.ONCE:
        return Insertion(0, 1 if not text.strip() else 0, written)
    blank = len(lines) - 1 if not lines[-1].strip() else len(lines)
    return Insertion(blank, len(lines) - blank, written)


def place_lane(text: str, lane: Lane) -> Insertion:
    """Where the lane begins: at the end of the text; where it is there already, a new line at its end."""
    lines = text.split("\n")
    header = next((row for row, line in enumerate(lines) if _header(line) == lane), None)
    if header is not None:
        return _after(lines, _last_of_lane(lines, header), "")
    blank = len(lines) - 1 if not lines[-1].strip() else len(lines)
    return Insertion(blank, len(lines) - blank, (f"{lane}:", _INDENT))


def receives(plan: Plan) -> bool:
    """Whether the plan takes its bytes from the socket."""
    return any(route.source is Place.SOCKET for step in plan.steps for route in CALLS[step.call].routes(step))


def _wanted_target(call: Call, plan: Plan, lane: Lane) -> str | None:
    """The resource at which a reader would look for the bytes' end."""
    if "sockfd" in call.prototype:
        return "sock"
    if lane in REJECTED:
        others = {step.lane for step in plan.steps}
        return "sock" if lane is Lane.ON_REJECT and Lane.ON_GIVEUP in others else "dlq"
    return "log" if receives(plan) else None


def _choices(parameter: Parameter, plan: Plan, lane: Lane) -> Sequence[str | int]:
    match parameter.kind:
        case Kind.FD:
            return tuple(DESCRIPTORS)
        case Kind.MEMORY:
            return parameter.words or MEMORIES
        case Kind.SIZE:
            return (MESSAGE if lane in REJECTED else _size_in_use(plan),)
        case _:
            return [word for word in _ADVICE if word in parameter.words][:1] or parameter.words[:1]


def _size_in_use(plan: Plan) -> int:
    sizes = Counter(
        argument.value for step in plan.steps for argument in step.arguments if isinstance(argument.value, int)
    )
    return sizes.most_common(1)[0][0] if sizes else USUAL_SIZE


def _oddness(call: Call, words: Sequence[str | int], mapped: bool, piped: bool, target: str | None) -> tuple[int, ...]:
    """Compares ways to write a call's arguments; the least odd is the one a reader would expect."""
    step = Step(call.name, tuple(Argument(word, _NOWHERE) for word in words), Lane.REPEAT, _NOWHERE)
    wanted = "map" if mapped or call.advice else "buf"
    routes = call.routes(step)
    astray = int(target is not None and target not in words)
    if not routes:
        return (1, 0, 0, int(words[:1] == ("sock",)), int(wanted not in words))
    ends = routes[0]
    into_mapping = ends.target is Place.MAPPING and call.name != "mmap"
    backwards = ends.target is Place.PAGE_CACHE and target != "log"
    to_itself = ends.source is ends.target
    wrong_end = (ends.target if piped else ends.source) in (Place.PIPE, Place.PIPE2)
    unfilled = ends.source in (Place.BUFFER2, Place.BUFFER3, Place.BUFFER if mapped else Place.MAPPING)
    return (0, int(to_itself or backwards), int(wrong_end), astray, int(into_mapping), int(unfilled))


def _header(line: str) -> Lane | None:
    words = line.split("#")[0].strip()
    return next((lane for lane in Lane if words == f"{lane}:"), None)


def _lane_at(lines: Sequence[str], row: int) -> Lane | None:
    return next((lane for line in reversed(lines[: row + 1]) if (lane := _header(line))), None)


def _last_of_lane(lines: Sequence[str], header: int) -> int:
    """The last line of the lane that begins at `header` with anything on it."""
    last = header
    for row in range(header + 1, len(lines)):
        if _header(lines[row]):
            break
        if lines[row].strip():
            last = row
    return last


def _after(lines: Sequence[str], row: int, step: str) -> Insertion:
    if not lines[row].strip():
        return Insertion(row, 1, (_INDENT + step,))
    return Insertion(row + 1, 0, (_INDENT + step,))
