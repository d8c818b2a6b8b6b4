"""What a call is: its C prototype, its parameters, the hops it makes, how it runs and how strace prints it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from zcquest.engine.places import Route
from zcquest.engine.plan.model import Lane, Step

if TYPE_CHECKING:
    from zcquest.engine.machine.machine import Machine
    from zcquest.engine.trace import Record


class Kind(StrEnum):
    """What may be written for a parameter."""

    FD = "fd"  # a resource with a file descriptor: whether it suits the call is the kernel's to say
    MEMORY = "memory"  # user-space bytes: `buf` or `map`
    SIZE = "size"  # a number of bytes
    FLAGS = "flags"  # any number of the parameter's words, last in the call


DESCRIPTORS = ("log", "sock")
MEMORIES = ("buf", "map")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a call. `words` are the flags that FLAGS allows; other kinds have their own vocabulary."""

    name: str
    kind: Kind
    words: tuple[str, ...] = ()
    optional: bool = False


class Call(ABC):
    """One entry of the palette. Subclass it, set the class variables, register it in `zcquest.engine.calls`."""

    name: ClassVar[str]
    prototype: ClassVar[str]
    parameters: ClassVar[tuple[Parameter, ...]]
    lanes: ClassVar[tuple[Lane, ...]] = (Lane.ONCE, Lane.REPEAT)
    system: ClassVar[bool] = True  # False: user-space work, no mode switch of its own
    advice: ClassVar[bool] = False  # True: its failure costs nothing but the call, so the plan goes on

    @abstractmethod
    def routes(self, step: Step) -> tuple[Route, ...]:
        """The hops the step's bytes take; who moves them is for the probe and the meters to say."""

    @abstractmethod
    def execute(self, machine: Machine, step: Step) -> Iterator[None]:
        """Run the step in the machine process; yields after each call made. Raises CallFailed on a fatal errno."""

    @abstractmethod
    def show(self, record: Record) -> str:
        """The call as strace prints it, up to and without ` = result`."""
