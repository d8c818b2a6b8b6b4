"""What Kafka's plan and RocketMQ's keep and lose in this level, or why that is not known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from textual.content import Content

from zcquest.engine.message import Message
from zcquest.levels.brokers import BrokerRun
from zcquest.levels.language import gettext as _
from zcquest.levels.language import say
from zcquest.levels.words import feature_word
from zcquest.tui.widgets.wording import KEPT, LOST


def broker_lines(runs: Mapping[str, BrokerRun], refused: Message | None = None) -> Content:
    """A line a broker; while none has run, the offer to run them. `refused` is why none is."""
    if refused:
        said = _("Kafka's plan and RocketMQ's could not be run here: {reason}").format(reason=say(refused))
        return Content.styled(said, "$warning")
    return Content("\n").join(_losses(runs)) if runs else _offer()


def _offer() -> Content:
    said = _("runs Kafka's plan and RocketMQ's in this level, to be set beside yours")
    return Content.from_markup("[@click=screen.brokers][$accent]b[/] $said[/]", said=said)


def _losses(runs: Mapping[str, BrokerRun]) -> Iterator[Content]:
    lost = [run.lost for run in runs.values()]
    if len(lost) > 1 and lost[0] and lost.count(lost[0]) == len(lost):
        said = _("Kafka's plan and RocketMQ's lose here: {features}").format(features=_features(lost[0]))
        yield Content.styled(f"{LOST} {said}", "$error")
        return
    for name, run in runs.items():
        if run.lost:
            said = _("{broker}'s plan loses here: {features}").format(broker=name, features=_features(run.lost))
            yield Content.styled(f"{LOST} {said}", "$error")
        else:
            said = _("{broker}'s plan keeps all that is asked for here")
            yield Content.styled(f"{KEPT} {said.format(broker=name)}", "$success")


def _features(lost: Iterable[str]) -> str:
    return _(", ").join(map(feature_word, lost))
