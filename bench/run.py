"""`make bench`: every figure the project promises, as a ratio or a bound, measured on this machine now."""

from __future__ import annotations

import asyncio
import os
import platform

from bench import brokers, calls, evening, hour, replay, start, terminal
from zcquest.levels.play import open_laboratory


async def main() -> None:
    print(f"Linux {platform.release()}, Python {platform.python_version()}, {os.cpu_count()} CPUs")
    await start.session()
    start.commands()
    async with open_laboratory() as laboratory:
        await calls.observing(laboratory)
        await calls.bare(laboratory)
        brokers.commit_log(laboratory)
        await brokers.loops(laboratory)
        await brokers.selecting(laboratory)
        await brokers.whole_race(laboratory)
    await replay.scrubbing()
    terminal.first_frame()
    terminal.keys_while_streaming()
    evening.animation()
    evening.keys()
    hour.memory()


if __name__ == "__main__":
    asyncio.run(main())
