"""What a broker must still do. To add a feature: a file with one function, and its name in the table below."""

from __future__ import annotations

from collections.abc import Mapping

from zcquest.engine.features.base import Arrival, Feature, Handing, Judgement, Outcome
from zcquest.engine.features.checksum import checksum
from zcquest.engine.features.delivery import delivery
from zcquest.engine.features.dlq import dlq
from zcquest.engine.features.durability import durability
from zcquest.engine.features.each_consumer import for_each_consumer
from zcquest.engine.features.isolation import isolation
from zcquest.engine.features.power_cut import power_cut
from zcquest.engine.features.retry import retry
from zcquest.engine.features.survival import survival
from zcquest.engine.features.tag_filter import tag_filter

FEATURES: Mapping[str, Feature] = {
    "delivery": for_each_consumer(delivery),
    "checksum": for_each_consumer(checksum),
    "survival": survival,
    "retry": retry,
    "dlq": dlq,
    "isolation": isolation,
    "durability": durability,
    "power_cut": power_cut,
    "tag_filter": for_each_consumer(tag_filter),
}

__all__ = ["FEATURES", "Arrival", "Feature", "Handing", "Judgement", "Outcome"]
