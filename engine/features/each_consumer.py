"""A feature of a log with several consumers is kept when each of them finds it kept."""

from __future__ import annotations

from zcquest.engine.features.base import Feature, Judgement, Outcome
from zcquest.engine.message import message


def for_each_consumer(judge: Feature) -> Feature:
    """The feature, judged for one consumer after the other; the first that finds it lost is named by its number."""

    def judge_all(outcome: Outcome) -> Judgement | None:
        found = [judge(one) for one in outcome.by_consumer]
        first = found[0]
        if first is None or len(found) == 1:
            return first
        for number, each in enumerate(found, 1):
            if each and not each.kept:
                return Judgement(False, message("consumer {number}: {detail}", number=number, detail=each.detail))
        return Judgement(True, message("each of {count} consumers: {detail}", count=len(found), detail=first.detail))

    return judge_all
