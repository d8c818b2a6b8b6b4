"""The messages of a log: orders of a shop, made from their number and a seed, so that any of them can be made alone."""

from __future__ import annotations

FIRST_MOMENT = 1_760_000_000_000  # ms since 1970: 2025-10-09, fixed so that a log never changes
HEADER_NAME = "source"

_CITIES = (
    *("Hangzhou", "上海", "London", "深圳", "Seattle", "成都", "Singapore", "北京", "Toronto", "西安", "Nairobi"),
    *("广州", "Oslo", "南京", "Madrid", "乌鲁木齐", "Sydney", "武汉", "Lima", "厦门", "Cape Town", "哈尔滨", "Delhi"),
)
_SOURCES = (b"web", b"app", b"pos")
_NOTE = (
    "leave it with the neighbour if nobody answers; call ten minutes ahead; the lift is out of order, third floor; "
    "gift wrap, no receipt in the parcel; ring twice, the dog is friendly; deliver after six in the evening; "
    "invoice to the company, goods to the warehouse gate; keep upright; replace what is sold out with the same size; "
)
_MASK = (1 << 64) - 1


def moment(number: int) -> int:
    """When the order was made, in ms since 1970; later orders have later moments."""
    return FIRST_MOMENT + number * 7 + number % 5


def key(number: int) -> bytes:
    """The order's id: ten digits, as many as any log needs."""
    return b"%010d" % (1_000_000_000 + number)


def source(number: int, seed: int) -> bytes:
    return _SOURCES[_mix(number, seed) % 3]


def order(number: int, seed: int, length: int) -> bytes:
    """The order as JSON in UTF-8 of exactly `length` bytes (at least 88); the note takes up what is left."""
    dice = _mix(number, seed)
    city = _CITIES[dice % len(_CITIES)]
    head = (
        f'{{"order":{1_000_000_000 + number},"customer":{10_000 + dice % 90_000},"city":"{city}",'
        f'"total":{dice // 7 % 9_000 + 9}.{dice // 11 % 100:02d}'
    )
    if length >= 320:
        goods = (
            f'{{"sku":"K-{(dice >> 8 * i) % 9_000 + 1_000}","qty":{(dice >> 5 * i) % 4 + 1}}}'
            for i in range(1 + dice % 4)
        )
        head += f',"items":[{",".join(goods)}]'
    start = f'{head},"note":"'.encode()
    room = length - len(start) - 2
    begin = dice % len(_NOTE)
    note = (_NOTE * (room // len(_NOTE) + 2))[begin : begin + room]
    return b'%b%b"}' % (start, note.encode())


def _mix(number: int, seed: int) -> int:
    """64 well-stirred bits (splitmix64): unlike `random`, the same in every version of Python."""
    bits = (number * 0x9E3779B97F4A7C15 + seed * 0xD1B54A32D192ED03 + 0x632BE59BD9B4E019) & _MASK
    bits = ((bits ^ bits >> 30) * 0xBF58476D1CE4E5B9) & _MASK
    bits = ((bits ^ bits >> 27) * 0x94D049BB133111EB) & _MASK
    return bits ^ bits >> 31
