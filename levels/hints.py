"""Which text of a hint step fits what the player just tried."""

from __future__ import annotations

from dataclasses import dataclass

from zcquest.levels.text import Ask, Condition, LevelText


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known of the player's latest attempt; all empty when there was none.

    `errnos` are the names of the errors that calls failed with, `signal` the name of the one that killed the machine,
    `uses` the calls of the plan, `lost` the features not kept, `over` the metrics above par or a limit, `ending` how
    the run ended, `race` how the level's race did if it was not won, `syntax` that the plan did not parse, `ran` that
    it ran.
    """

    errnos: frozenset[str] = frozenset()
    signal: str = ""
    uses: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()
    over: frozenset[str] = frozenset()
    ending: str = ""
    race: str = ""
    syntax: bool = False
    ran: bool = False


def choose(text: LevelText, step: int, situation: Situation) -> str:
    """The first variant of hint `step` (1 to 3) in file order whose condition holds, else the step's default."""
    texts = [hint for hint in text.hints if hint.step == step]
    for hint in texts:
        if hint.condition and _holds(hint.condition, situation):
            return hint.text
    for hint in texts:
        if not hint.condition:
            return hint.text
    raise ValueError(step)


def _holds(condition: Condition, situation: Situation) -> bool:
    if condition.ask is Ask.SYNTAX:
        return situation.syntax
    # A plan that did not run, be it for its syntax, lacks and loses nothing that a hint could build on.
    if not situation.ran:
        return False
    match condition.ask:
        case Ask.ERRNO:
            return condition.value in situation.errnos
        case Ask.SIGNAL:
            return condition.value == situation.signal
        case Ask.USES:
            return condition.value in situation.uses
        case Ask.LACKS:
            return condition.value not in situation.uses
        case Ask.LOST:
            return condition.value in situation.lost
        case Ask.OVER:
            return condition.value in situation.over
        case Ask.ENDING:
            return condition.value == situation.ending
        case Ask.RACE:
            return condition.value == situation.race
