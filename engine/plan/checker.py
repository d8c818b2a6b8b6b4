"""Whether a written call means something: its words, number and kinds of arguments, its lane, the level's grant.

Reads only what the calls declare of themselves. What a meaningful call does is for the kernel to say.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from zcquest.engine.calls.base import DESCRIPTORS, MEMORIES, MESSAGE, REJECTED, Call, Kind, Parameter
from zcquest.engine.message import Message, message
from zcquest.engine.plan.formatter import signature
from zcquest.engine.plan.model import Argument, Lane, Step
from zcquest.engine.plan.nearest import nearest_word
from zcquest.engine.plan.problem import Problem, shown
from zcquest.engine.plan.scanner import Form, Lexeme
from zcquest.engine.plan.syntax import WrittenCall
from zcquest.engine.sizes import SizeTooBig, parse_size

_SPELT_OUT = re.compile(r"(\d+)([KMG]?)(i?B|bytes)", re.IGNORECASE | re.ASCII)


class Checker:
    """Turns written calls into steps. `grants` None grants the whole vocabulary."""

    def __init__(self, vocabulary: Mapping[str, Call], grants: Collection[str] | None) -> None:
        self.vocabulary = vocabulary
        self.granted = [name for name in vocabulary if grants is None or name in grants]

    def step(self, written: WrittenCall, lane: Lane | None, problems: list[Problem]) -> Step | None:
        """The step that `written` means; None after adding to `problems`, or if `lane` is None (itself a mistake)."""
        call = self.vocabulary.get(written.name.text)
        if call is None:
            problems += self._unknown(written)
            return None
        found = self._refusals(written, call, lane)
        values = _values(written, call, lane, found)
        if written.fault:
            found.append(replace(written.fault, expected=written.fault.expected or _prototype(call)))
        problems += found
        if found or lane is None:
            return None
        return Step(written.name.text, tuple(values), lane, written.span)

    def _unknown(self, written: WrittenCall) -> list[Problem]:
        name = written.name
        complaint = message("unknown call '{word}'", word=shown(name.text))
        if not written.opened:  # a word alone in its line may have been meant as a lane
            lanes = {str(lane): f"{lane}:" for lane in Lane}
            nearest = nearest_word(name.text, [*self.granted, *lanes])
            wanted = _one_of([*self.granted, *lanes.values()])
            return [Problem(name.span, complaint, wanted, lanes.get(nearest, nearest) if nearest else None)]
        unknown = Problem(name.span, complaint, _one_of(self.granted), nearest_word(name.text, self.granted))
        return [unknown, written.fault] if written.fault else [unknown]

    def _refusals(self, written: WrittenCall, call: Call, lane: Lane | None) -> list[Problem]:
        found = []
        if written.name.text not in self.granted:
            refusal = message("this level does not grant '{call}'", call=call.name)
            found.append(Problem(written.name.span, refusal, _one_of(self.granted)))
        if lane is not None and lane not in call.lanes:
            refusal = message("'{call}' cannot stand in '{lane}:'", call=call.name, lane=lane)
            found.append(Problem(written.name.span, refusal, _one_of(f"{known}:" for known in call.lanes)))
        return found


def _values(written: WrittenCall, call: Call, lane: Lane | None, found: list[Problem]) -> list[Argument]:
    """The arguments that are right; what is wrong with the others, or with their number, goes to `found`."""
    values: list[Argument] = []
    for lexeme, parameter in zip(written.arguments, _places(call, len(written.arguments)), strict=False):
        value = _value(lexeme, parameter, call, lane)
        if isinstance(value, Problem):
            found.append(value)
        elif parameter.kind is Kind.FLAGS and value in [earlier.value for earlier in values]:
            found.append(Problem(lexeme.span, message("'{word}' is there already", word=lexeme.text)))
        else:
            values.append(Argument(value, lexeme.span))
    if written.fault is None:
        found += _miscount(written, call)
    return values


def _places(call: Call, count: int) -> list[Parameter]:
    """The parameter that each of `count` arguments is for; fewer when there are too many arguments."""
    places = list(call.parameters[:count])
    if places and places[-1].kind is Kind.FLAGS:
        places += [places[-1]] * (count - len(places))
    return places


def _miscount(written: WrittenCall, call: Call) -> list[Problem]:
    count = len(written.arguments)
    missing = [parameter.name for parameter in call.parameters[count:] if not parameter.optional]
    if missing:
        lack = message("'{call}' lacks {names}", call=call.name, names=", ".join(missing))
        return [Problem(written.last.span, lack, _prototype(call))]
    extra = written.arguments[len(_places(call, count)) :]
    if extra:
        surplus = message("too many arguments for '{call}'", call=call.name)
        return [Problem(extra[0].span.through(extra[-1].span), surplus, _prototype(call))]
    return []


def _value(lexeme: Lexeme, parameter: Parameter, call: Call, lane: Lane | None) -> int | str | Problem:
    if parameter.kind is Kind.SIZE:
        return _message(lexeme, lane) if lexeme.text == MESSAGE else _size(lexeme, call)
    words = _words(parameter)
    if lexeme.text in words:
        return lexeme.text
    return Problem(lexeme.span, _description(lexeme, call), _wanted(parameter), nearest_word(lexeme.text, words))


def _message(lexeme: Lexeme, lane: Lane | None) -> str | Problem:
    if lane is None or lane in REJECTED:
        return MESSAGE
    where = " or ".join(f"{known}:" for known in REJECTED)
    complaint = message("'{word}' is the rejected message: there is none in '{lane}:'", word=MESSAGE, lane=lane)
    return Problem(lexeme.span, complaint, message("a size, or a step in {lanes}", lanes=where))


def _size(lexeme: Lexeme, call: Call) -> int | Problem:
    wanted = message("a size such as {examples}", examples="512, 64K, 1M")
    if lexeme.form is not Form.NUMBER:
        return Problem(lexeme.span, _description(lexeme, call), wanted)
    try:
        size = parse_size(lexeme.text)
    except SizeTooBig:
        complaint = message("'{word}' is more than the kernel can count", word=shown(lexeme.text))
        return Problem(lexeme.span, complaint, message("less than {limit}", limit="8589934592G"))
    except ValueError:
        return Problem(lexeme.span, _description(lexeme, call), wanted, _respelt(lexeme.text))
    if size == 0:
        return Problem(lexeme.span, message("a size of 0 moves nothing"), wanted)
    return size


def _respelt(text: str) -> str | None:
    """`64K` for `64KB`, `64KiB`; None for what cannot be guessed."""
    found = _SPELT_OUT.fullmatch(text)
    return shown(found[1] + found[2].upper()) if found else None


def _words(parameter: Parameter) -> Sequence[str]:
    match parameter.kind:
        case Kind.FD:
            return tuple(DESCRIPTORS)
        case Kind.MEMORY:
            return parameter.words or MEMORIES
        case _:
            return parameter.words


def _flags(call: Call) -> set[str]:
    return {word for parameter in call.parameters if parameter.kind is Kind.FLAGS for word in parameter.words}


def _description(lexeme: Lexeme, call: Call) -> Message:
    """What was written where something else is wanted."""
    word = shown(lexeme.text)
    if lexeme.form is Form.NUMBER:
        try:
            parse_size(lexeme.text)
        except SizeTooBig:
            pass
        except ValueError:
            return message("'{word}' is not a size", word=word)
        return message("'{word}' is a size", word=word)
    if lexeme.text == MESSAGE:
        return message("'{word}' is a message: it stands where a size does", word=word)
    if lexeme.text in DESCRIPTORS:
        return message("'{word}' is a descriptor", word=word)
    if lexeme.text in MEMORIES:
        return message("'{word}' is memory", word=word)
    if lexeme.text in _flags(call):
        return message("'{word}' is a flag", word=word)
    return message("unknown word '{word}'", word=word)


def _wanted(parameter: Parameter) -> Message:
    words = ", ".join(_words(parameter))
    match parameter.kind:
        case Kind.FD:
            return message("a descriptor: {words}", words=words)
        case Kind.MEMORY:
            return message("memory: {words}", words=words)
        case _:
            return message("one of: {words}", words=words)


def _prototype(call: Call) -> Message:
    return message("{prototype}", prototype=signature(call))


def _one_of(words: Iterable[str]) -> Message:
    return message("one of: {words}", words=", ".join(words))
