"""`zcquest levels`: the campaign with the player's stars and bests."""

from __future__ import annotations

from zcquest.commands.printing import Table, print_json, print_notice, print_table, stars
from zcquest.commands.refusal import PASSED, WRONG
from zcquest.levels.language import gettext as _
from zcquest.levels.language import say
from zcquest.levels.loader import Campaign, load_campaign
from zcquest.levels.progress import Best, Progress


def show_levels(as_json: bool) -> int:
    """The exit status: WRONG where some level's files cannot be used."""
    campaign = load_campaign()
    progress = Progress.open()
    best = progress.all_best()
    progress.close()
    if as_json:
        print_json(_document(campaign, best))
    else:
        print_table(_table(campaign, best))
    for told in (*progress.notices, *(error.message for error in campaign.broken)):
        print_notice(say(told))
    return WRONG if campaign.broken else PASSED


def _table(campaign: Campaign, best: dict[str, Best]) -> Table:
    headings = [_("level"), _("stars"), _("copies"), _("switches"), _("buffer"), _("runs"), _("title")]
    table = Table(headings, right=(2, 3, 4, 5))
    for level in campaign.levels.values():
        own = best.get(level.id, Best())
        copies = "-" if own.copies is None else f"{own.copies:.2f}"
        whole = ("-" if figure is None else str(figure) for figure in (own.switches, own.buffer))
        table.add(level.id, stars(own.stars), copies, *whole, str(own.runs), level.text().title)
    return table


def _document(campaign: Campaign, best: dict[str, Best]) -> object:
    return {
        "schema": 1,
        "levels": [
            {
                "id": level.id,
                "chapter": chapter.number,
                "title": level.text().title,
                "stars": own.stars,
                "best": {"copies": own.copies, "switches": own.switches, "buffer": own.buffer},
                "runs": own.runs,
            }
            for chapter in campaign.chapters
            for level in chapter.levels
            for own in [best.get(level.id, Best())]
        ],
        "broken": [
            {"file": str(error.file), "key": error.key, "reason": say(error.reason)} for error in campaign.broken
        ],
    }
