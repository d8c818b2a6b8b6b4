"""The words on a screen that the codex has a page about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import chain
from types import MappingProxyType
from typing import Any, Final

from textual.geometry import Offset, Region
from textual.screen import Screen
from textual.widget import Widget

from zcquest.levels import codex

# What screens call a thing when they do not call it by its page's name; in both languages, a word and its page.
OTHER_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "bench NIC": "bench-nic",
        "cold": "cold-start",
        "cold start": "cold-start",
        "冷启动": "cold-start",
        "index": "consume-queue",
        "消费队列": "consume-queue",
        "context switches": "context-switch",
        "上下文切换": "context-switch",
        "copies": "copies",
        "CPU copy": "copies",
        "拷贝": "copies",
        "dlq": "dead-letter-queue",
        "dead letters": "dead-letter-queue",
        "死信": "dead-letter-queue",
        "持久": "durability",
        "counted": "evidence",
        "metered": "evidence",
        "proved": "evidence",
        "reported": "evidence",
        "modelled": "evidence",
        "计数": "evidence",
        "计量": "evidence",
        "实证": "evidence",
        "上报": "evidence",
        "推算": "evidence",
        "batch": "kafka-batch",
        "batches": "kafka-batch",
        "批次": "kafka-batch",
        "switches": "mode-switch",
        "mode switches": "mode-switch",
        "态切换": "mode-switch",
        "切换": "mode-switch",
        "页缓存": "page-cache",
        "faults": "page-fault",
        "page faults": "page-fault",
        "缺页": "page-fault",
        "once": "plan-language",
        "repeat": "plan-language",
        "retry": "retries",
        "重试": "retries",
        "聚集": "scatter-gather",
        "tamper": "tamper-probe",
        "篡改": "tamper-probe",
        "零拷贝": "zero-copy",
        **dict.fromkeys(("EAGAIN", "EFAULT", "EINVAL", "ESPIPE", "EBADF", "ENOTSOCK", "ENOSPC"), "errno"),
        **dict.fromkeys(("SIGBUS", "SIGSEGV", "SIGKILL", "signal", "信号"), "signals"),
        "user buffer": "user-space",
        "用户缓冲区": "user-space",
        "用户态": "user-space",
        "内核态": "user-space",
        "kernel": "user-space",
        "mapping": "mmap",
        "映射": "mmap",
        "RSS": "mmap",
        "socket": "socket-buffer",
        "Send-Q": "socket-buffer",
        "套接字": "socket-buffer",
        "NIC": "network-card",
        "网卡": "network-card",
        "loopback": "network-card",
        "回环": "network-card",
        "测试网卡": "bench-nic",
        "CommitLog": "commit-log",
        "Kafka segment": "kafka-segment",
        "段文件": "kafka-segment",
        "tag": "tags",
        "tag filter": "tags",
        "标签": "tags",
        "checksum": "crc-32c",
        "校验": "crc-32c",
        "isolation": "isolation",
        "隔离": "isolation",
        "acknowledged": "durability",
        "已确认": "durability",
        "应答": "durability",
        "heap": "heap-transfer",
        "rocketmq-heap": "heap-transfer",
        "interval": "race",
        "竞速": "race",
        "zero copy": "zero-copy",
        "预读": "readahead",
    }
)
_LATIN: Final = re.compile(r"[\x00-\x7f]+")


def pages_of(text: str) -> list[str]:
    """The pages that the words of `text` are about, each once, in the order of the text; the longest word wins."""
    return list(dict.fromkeys(_vocabulary()[found[0].casefold()] for found in _pattern().finditer(text)))


def pages_on(screen: Screen[Any], pointer: Offset | None = None) -> list[str]:
    """The pages that the words in sight on the screen are about, from top to bottom.

    The one whose word stands at `pointer` comes first.
    """
    at_pointer: list[str] = []
    rows: list[tuple[int, int, str]] = []
    for region, y, text in _lines(screen):
        rows.append((region.y + y, region.x, text))
        if pointer and region.contains_point(pointer) and pointer.y == region.y + y:
            at_pointer += _pages_at(text, pointer.x - region.x)
    in_order = (pages_of(text) for _y, _x, text in sorted(rows))
    return list(dict.fromkeys(chain(at_pointer, *in_order)))


def page_at(screen: Screen[Any], pointer: Offset) -> str | None:
    """The page about the word that stands at `pointer`; None where no page is."""
    for region, y, text in _lines(screen):
        if region.contains_point(pointer) and pointer.y == region.y + y:
            return next(_pages_at(text, pointer.x - region.x), None)
    return None


def _pages_at(text: str, cell: int) -> Iterator[str]:
    from rich.cells import cell_len

    for found in _pattern().finditer(text):
        if cell_len(text[: found.start()]) <= cell < cell_len(text[: found.end()]):
            yield _vocabulary()[found[0].casefold()]


def _lines(screen: Screen[Any]) -> Iterator[tuple[Region, int, str]]:
    """Every line in sight of the widgets that draw something: the widget's place, the line in it, its text."""
    for widget in screen.walk_children(Widget):
        region = widget.region
        only_holds = widget.children and type(widget).render_line is Widget.render_line
        if only_holds or not widget.is_on_screen or not region:
            continue
        for y, strip in enumerate(widget.render_lines(region.reset_offset)):
            yield region, y, strip.text


@cache
def _vocabulary() -> Mapping[str, str]:
    """Each word, in small letters, with its page."""
    names = codex.pages()
    words = {name.replace("-", " "): name for name in names} | {name: name for name in names}
    return {word.casefold(): page for word, page in (words | dict(OTHER_WORDS)).items() if page in names}


@cache
def _pattern() -> re.Pattern[str]:
    words = sorted(_vocabulary(), key=len, reverse=True)
    return re.compile("|".join(map(_whole, words)), re.IGNORECASE)


def _whole(word: str) -> str:
    """Latin words stand between other signs; Chinese ones anywhere."""
    said = re.escape(word)
    return rf"(?<![A-Za-z0-9_-]){said}(?![A-Za-z0-9_-])" if _LATIN.fullmatch(word) else said
