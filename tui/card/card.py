"""What stands on a run card, in the language in use."""

from __future__ import annotations

import time
from dataclasses import dataclass

from textual.content import Content

from zcquest import __version__
from zcquest.engine.calls import CALLS
from zcquest.engine.plan import parse
from zcquest.levels.language import gettext as _
from zcquest.levels.loader import Level
from zcquest.levels.progress import Best
from zcquest.levels.recording import Recorded
from zcquest.levels.report import RunReport
from zcquest.levels.verdict import Verdict
from zcquest.tui.widgets.map.canvas import Canvas
from zcquest.tui.widgets.map.picture import draw
from zcquest.tui.widgets.map_state import MapState
from zcquest.tui.widgets.result.hop_lines import hop_lines
from zcquest.tui.widgets.result.scores import Scores, feature_lines, score_lines
from zcquest.tui.widgets.result.verdict_lines import recorded_lines, verdict_lines

WIDTH = 80  # cells
MAP_HEIGHT = 18


@dataclass(frozen=True)
class Card:
    """One run: `at` in seconds since the epoch, `zcquest` the version that ran it.

    `recorded` says where and when, if the run was not made here; then `at` is when the card was.
    """

    level: Level
    report: RunReport
    verdict: Verdict
    at: float
    zcquest: str = __version__
    recorded: Recorded | None = None

    @property
    def stem(self) -> str:
        """The files' name without its ending: level and time."""
        return f"zcquest-{self.level.id}-{time.strftime('%Y%m%d-%H%M%S', time.localtime(self.at))}"

    @property
    def title(self) -> str:
        title = self.level.text().title
        return f"{self.level.id} {title}" if self.level.scored else title

    @property
    def date(self) -> str:
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(self.at))

    @property
    def replay(self) -> str:
        """The command that runs the plan again from the card's text; empty for the lab, which has no command."""
        return f"zcquest run {self.level.id} {self.stem}.txt" if self.level.scored else ""

    @property
    def verdict_lines(self) -> Content:
        if self.recorded:
            return recorded_lines(self.recorded)
        return verdict_lines(self.report, self.verdict, self.level, frozenset())

    @property
    def score_lines(self) -> Content:
        return score_lines(Scores(self.report, self.verdict, None, Best()))

    @property
    def feature_lines(self) -> Content:
        return feature_lines(self.report)

    @property
    def hop_lines(self) -> Content:
        return hop_lines(self.report)

    def map(self) -> Canvas:
        """The machine map of the first scene, as this run left it."""
        return draw(map_state(self.level, self.report), WIDTH, MAP_HEIGHT)


def map_state(level: Level, report: RunReport) -> MapState:
    """What the machine map shows of a finished run: its first scene."""
    scene, file = report.first, level.scenes[0]
    return MapState(
        plan=parse(report.plan, CALLS).plan,
        scene=scene,
        size=file.log.size,
        cold=scene.start == "cold",
        rejecting=bool(file.poison),
        receiving=file.producer is not None,
        scatter_gather=scene.network.scatter_gather if scene.network else None,
    )


def card_text(card: Card) -> str:
    """The card as text. Every line but the plan's is a comment of the plan language: the text is a plan file."""
    said = [
        _("Run card of zcquest {version}, {date}").format(version=card.zcquest, date=card.date),
        card.title,
        "",
        *card.verdict_lines.plain.splitlines(),
        "",
        *card.score_lines.plain.splitlines(),
        "",
        *card.feature_lines.plain.splitlines(),
        "",
        *card.hop_lines.plain.splitlines(),
        "",
    ]
    if card.replay:
        said.append(_("This file is a plan. To run it: {command}").format(command=card.replay))
    comments = (f"# {line}".rstrip() for line in said)
    return "\n".join([*comments, card.report.plan.strip("\n"), ""])
