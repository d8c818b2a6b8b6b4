"""The run beside Kafka's plan and RocketMQ's, each run in this level on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from textual.content import Content

from zcquest.engine.message import Message
from zcquest.levels.brokers import BROKERS, BrokerRun
from zcquest.levels.language import gettext as _
from zcquest.levels.language import say
from zcquest.levels.schema import Metric
from zcquest.levels.verdict import Verdict
from zcquest.levels.words import feature_word
from zcquest.tui.widgets.columns import left, right
from zcquest.tui.widgets.wording import KEPT, LOST, metric_figure, metric_word

_LABEL, _YOURS, _BROKER = 9, 9, 11  # cells


def broker_lines(
    verdict: Verdict, runs: Mapping[str, BrokerRun], running: str = "", refused: Message | None = None
) -> Content:
    """A column a broker, and what its plan loses here. `running` is the one that is run now, `refused` why none is."""
    if refused:
        said = _("Kafka's plan and RocketMQ's could not be run here: {reason}").format(reason=say(refused))
        return Content.styled(said, "$warning")
    if not runs and not running:
        return _offer()
    return Content("\n").join([_header(), *_rows(verdict, runs, running), *_losses(runs)])


def _offer() -> Content:
    said = _("runs Kafka's plan and RocketMQ's in this level, to be set beside yours")
    return Content.from_markup("[@click=screen.brokers][$accent]b[/] $said[/]", said=said)


def _header() -> Content:
    cells = [left("", _LABEL), right(_("yours"), _YOURS), *(right(name, _BROKER) for name in BROKERS)]
    return Content.assemble(*cells, "  ", _("run here")).stylize("$quiet")


def _rows(verdict: Verdict, runs: Mapping[str, BrokerRun], running: str) -> Iterator[Content]:
    for metric in Metric:
        cells = [left(metric_word(metric), _LABEL), right(_figure(metric, verdict), _YOURS)]
        for name in BROKERS:
            run = runs.get(name)
            waiting = Content.styled("…" if name == running else "", "$accent")
            cells.append(right(_figure(metric, run.verdict), _BROKER) if run else right(waiting, _BROKER))
        yield Content.assemble(*cells)


def _figure(metric: Metric, verdict: Verdict) -> str:
    return metric_figure(metric, getattr(verdict, metric.value))


def _losses(runs: Mapping[str, BrokerRun]) -> Iterator[Content]:
    for name, run in runs.items():
        if run.lost:
            said = _("{broker}'s plan loses here: {features}")
            features = _(", ").join(map(feature_word, run.lost))
            yield Content.styled(f"{LOST} {said.format(broker=name, features=features)}", "$error")
        else:
            said = _("{broker}'s plan keeps all that is asked for here")
            yield Content.styled(f"{KEPT} {said.format(broker=name)}", "$success")
