"""The state of the level screen as one frozen snapshot, and what the map and the trace make of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from zcquest.engine.calls.base import SOCKETS
from zcquest.engine.control import Peeked
from zcquest.engine.experiment import Line
from zcquest.engine.gauges import Gauges, Outlet
from zcquest.engine.message import Message
from zcquest.engine.places import Route
from zcquest.engine.plan import Lane, Plan
from zcquest.levels.language import gettext as _
from zcquest.levels.language import say
from zcquest.levels.loader import Level
from zcquest.levels.progress import Prediction
from zcquest.levels.report import RunReport, SceneReport
from zcquest.levels.schema import SceneFile
from zcquest.levels.verdict import Verdict
from zcquest.tui.widgets.map_state import ARRIVALS, REJECTING, MapState, Stream, ways_of
from zcquest.tui.widgets.trace_row import TraceRow, call_rows

_NOTHING_YET = Outlet(sent=0, send_queue=0, receive_queue=0, received=0, messages=0)


class Phase(StrEnum):
    """What the screen is busy with."""

    EDIT = "edit"
    RUNNING = "running"
    STEPPING = "stepping"


@dataclass(frozen=True, slots=True)
class Remark:
    """A sentence in the trace, after its first `calls` calls."""

    calls: int
    sentence: Message


@dataclass(frozen=True, slots=True)
class Live:
    """A scene as it runs: the calls so far, the readings, the 0-based step of the latest call, what lies in buffers.

    `before` are the readings before the latest ones: what happened since is what moves on the map.
    """

    lines: tuple[Line, ...] = ()
    gauges: Gauges | None = None
    step: int | None = None
    remarks: tuple[Remark, ...] = ()
    buffers: tuple[Peeked, ...] = ()
    before: Gauges | None = None

    def read(self, gauges: Gauges | None, lines: tuple[Line, ...], **more: Any) -> Live:
        """The same scene at its next reading."""
        return replace(self, lines=lines, before=self.gauges, gauges=gauges, **more)

    @property
    def latest(self) -> tuple[Line, ...]:
        """The calls since the reading before, as far as they are known."""
        seen = self.before.calls if self.before else 0
        return tuple(line for line in self.lines if line.number >= seen)

    @property
    def arrived(self) -> tuple[int, ...]:
        """Messages to each consumer since the reading before, at least one where any byte came."""
        now = self.gauges.outlets if self.gauges else ()
        before = self.before.outlets if self.before else (_NOTHING_YET,) * len(now)
        return tuple(
            max(1, one.messages - other.messages) if one.received > other.received else 0
            for one, other in zip(now, before, strict=True)
        )

    @property
    def rejected(self) -> int:
        """Messages sent back since the reading before."""
        return (self.gauges.rejections if self.gauges else 0) - (self.before.rejections if self.before else 0)


@dataclass(frozen=True, slots=True)
class Measured:
    """What a plan was measured to do; holds as long as that plan stands in the editor."""

    plan: Plan
    scenes: tuple[SceneReport, ...]
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelView:
    """All that the panes draw. `latest` is the last whole run of the level, whatever its plan was."""

    level: Level
    scene: SceneFile
    plan: Plan
    phase: Phase = Phase.EDIT
    cursor_step: int | None = None
    latest: tuple[RunReport, Verdict] | None = None
    stars: int = 0
    prediction: Prediction | None = None
    measured: Measured | None = None
    live: Live | None = None

    def map_state(self) -> MapState:
        scenes = self.measured.scenes if self.measured and not self.live else ()
        latest = self.live.latest if self.live else ()
        return MapState(
            plan=self.plan,
            scene=next((report for report in scenes if report.name == self.scene.name), None),
            gauges=self.live.gauges if self.live else None,
            size=int(self.scene.log.size),
            cold=self.scene.start == "cold",
            rejecting=bool(self.scene.poison),
            receiving=self.scene.producer is not None,
            consumers=1 + len(self.scene.neighbours),
            scatter_gather=self.scene.network.scatter_gather if self.scene.network else None,
            moved=self._ways(latest[0]) if len(latest) == 1 else (),
            streams=self._streams(),
            crossed=any(line.system for line in latest),
            cursor_step=self.live.step if self.live else self.cursor_step,
        )

    def _ways(self, line: Line) -> tuple[Route, ...]:
        """The ways of the call's bytes, if it moved any and was the plan's own."""
        steps = self.plan.steps
        if line.step >= len(steps) or steps[line.step].call != line.call:
            return ()
        moved = line.result.isdecimal() and line.result != "0"
        return ways_of(steps[line.step], fetched=line.disk_bytes > 0) if moved else ()

    def _streams(self) -> tuple[Stream, ...]:
        """What went where since the reading before: the calls' bytes, if there were several, and the far end's."""
        if not self.live:
            return ()
        calls = self.live.latest if len(self.live.latest) > 1 else ()
        counts = Counter(route for line in calls for route in self._ways(line))
        if self.scene.producer is None:
            counts.update(dict(zip(ARRIVALS, self.live.arrived, strict=False)))
            counts[REJECTING] += self.live.rejected
        return tuple(Stream(route, count) for route, count in counts.items() if count > 0)

    def trace_rows(self) -> list[TraceRow]:
        if self.live:
            return _with_remarks(self.live.lines, self.plan, None, self.live.remarks)
        if not self.measured:
            return []
        rows: list[TraceRow] = []
        for report in self.measured.scenes:
            if len(self.level.scenes) > 1:
                rows.append(TraceRow("note", _("scene: {name}").format(name=_(report.name))))
            rows += _with_remarks(report.lines, self.measured.plan, report, self.measured.remarks)
            if report.error:
                rows.append(TraceRow("failed", f"✗ {say(report.error)}"))
        return rows


def lanes_of(level: Level) -> list[Lane]:
    """The lanes that the level has a use for, beside those of every plan."""
    if not any(scene.poison for scene in level.scenes):
        return []
    giving_up = any(scene.retries is not None for scene in level.scenes)
    return [Lane.ON_REJECT, *([Lane.ON_GIVEUP] if giving_up else [])]


def useless_in(level: Level) -> frozenset[str]:
    """The resources of the plan language that no scene of the level has."""
    scenes = level.scenes
    had = {"ack": any(scene.producer for scene in scenes), "dlq": any(scene.dlq for scene in scenes)}
    neighbours = max(len(scene.neighbours) for scene in scenes)
    had |= {word: neighbours >= number for number, word in enumerate(SOCKETS[1:], 1)}
    had["pipe"] = had["pipe2"] = "pipe" in level.calls
    had["index"] = any(scene.log.format == "rocketmq" for scene in scenes)
    return frozenset(word for word, there in had.items() if not there)


def _with_remarks(
    lines: tuple[Line, ...], plan: Plan, report: SceneReport | None, remarks: tuple[Remark, ...]
) -> list[TraceRow]:
    """The calls, with each remark after the last call that came before it."""
    rows: list[TraceRow] = []
    done = 0
    for remark in remarks:
        before = sum(line.number < remark.calls for line in lines)
        rows += call_rows(lines[done:before], plan, report.hops if report else ())
        rows.append(TraceRow("note", f"✎ {say(remark.sentence)}"))
        done = before
    return rows + call_rows(lines[done:], plan, report.hops if report else (), report.calls if report else 0)
