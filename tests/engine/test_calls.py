"""The palette: what each call says of itself, and what the kernel answers where a call makes no sense."""

from __future__ import annotations

import errno
import re

import pytest

from zcquest.engine.calls import CALLS, CODES, EVERY
from zcquest.engine.calls.base import DESCRIPTORS, MEMORIES, Kind
from zcquest.engine.machine.executor import Ending
from zcquest.engine.places import Place, Route
from zcquest.engine.plan import Lane, Step, parse_plan

pytestmark = pytest.mark.asyncio(loop_scope="session")


def step(text: str) -> Step:
    return parse_plan(f"once:\n {text}\n", CALLS).steps[0]


async def test_every_call_has_its_own_name_and_code_and_a_c_prototype() -> None:
    assert [call.name for call in CODES] == list(EVERY)
    for name, call in CALLS.items():
        assert call.name == name
        assert re.search(rf"\b(posix_)?{name}2?\(", call.prototype) and call.prototype.endswith(";")
        assert set(call.lanes) <= set(Lane)
        kinds = [parameter.kind for parameter in call.parameters]
        assert Kind.FLAGS not in kinds[:-1]
    assert not {"lseek", "poll", "fcntl"} & set(CALLS)


@pytest.mark.parametrize(
    ("text", "route"),
    [
        ("read(log, buf, 1)", (Place.PAGE_CACHE, Place.BUFFER)),
        ("pread(log, buf, 1)", (Place.PAGE_CACHE, Place.BUFFER)),
        ("write(sock, buf, 1)", (Place.BUFFER, Place.SOCKET)),
        ("send(sock, map, 1)", (Place.MAPPING, Place.SOCKET)),
        ("mmap(log)", (Place.PAGE_CACHE, Place.MAPPING)),
        ("sendfile(sock, log, 1)", (Place.PAGE_CACHE, Place.SOCKET)),
        ("sendfile(sock2, log, 1)", (Place.PAGE_CACHE, Place.SOCKET2)),
        ("write(sock3, buf, 1)", (Place.BUFFER, Place.SOCKET3)),
        ("send(sock4, map, 1)", (Place.MAPPING, Place.SOCKET4)),
        ("memcpy(buf, map, 1)", (Place.MAPPING, Place.BUFFER)),
        ("memcpy(buf2, buf, 1)", (Place.BUFFER, Place.BUFFER2)),
        ("memcpy(buf3, buf2, 1)", (Place.BUFFER2, Place.BUFFER3)),
        ("pread(log, buf3, 1)", (Place.PAGE_CACHE, Place.BUFFER3)),
        ("read(sock, buf, 1)", (Place.SOCKET, Place.BUFFER)),
        ("recv(sock, buf2, 1)", (Place.SOCKET, Place.BUFFER2)),
        ("write(log, buf, 1)", (Place.BUFFER, Place.PAGE_CACHE)),
        ("splice(log, pipe, 1)", (Place.PAGE_CACHE, Place.PIPE)),
        ("splice(pipe, sock, 1)", (Place.PIPE, Place.SOCKET)),
        ("splice(pipe, dlq, 1)", (Place.PIPE, Place.DLQ)),
        ("splice(sock, pipe2, 1)", (Place.SOCKET, Place.PIPE2)),
        ("splice(pipe, log, 1)", (Place.PIPE, Place.PAGE_CACHE)),
        ("tee(pipe, pipe2, 1)", (Place.PIPE, Place.PIPE2)),
        ("vmsplice(pipe2, map, 1)", (Place.MAPPING, Place.PIPE2)),
        ("write(pipe, buf, 1)", (Place.BUFFER, Place.PIPE)),
        ("read(pipe, buf, 1)", (Place.PIPE, Place.BUFFER)),
        ("splice(log, sock, 1)", None),
        ("tee(pipe, pipe, 1)", None),
        ("vmsplice(sock, buf, 1)", None),
        ("pipe()", None),
        ("write(log, map, 1)", None),
        ("send(sock, ack, 8)", None),
        ("fsync(log)", None),
        ("sendfile(log, sock, 1)", None),
        ("verify(map)", None),
        ("madvise(map, random)", None),
        ("fadvise(log, random)", None),
        ("readahead(log, 1)", None),
    ],
)
async def test_a_step_says_where_its_bytes_go(text: str, route: tuple[Place, Place] | None) -> None:
    one = step(text)
    assert CALLS[one.call].routes(one) == ((Route(*route),) if route else ())


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("write(log, buf, 1)", errno.EBADF),
        ("send(log, buf, 1)", errno.ENOTSOCK),
        ("pread(sock, buf, 1)", errno.ESPIPE),
        ("write(sock, map, 1)", errno.EFAULT),
        ("write(sock, map, 1G)", errno.EFAULT),
        ("write(sock, map, 4G)", errno.EFAULT),
        ("write(sock, map, 8589934591G)", errno.EFAULT),
        ("send(sock, map, 4G)", errno.EFAULT),
        ("read(log, map, 1)", errno.EFAULT),
        ("pread(log, map, 1)", errno.EFAULT),
        ("sendfile(log, log, 1)", errno.EBADF),
        ("sendfile(log, sock, 1)", errno.ESPIPE),
        ("sendfile(sock, sock, 1)", errno.ESPIPE),
        ("mmap(log)\n read(log, map, 1)", errno.EFAULT),
        ("splice(log, sock, 1)", errno.EINVAL),
        ("splice(log, pipe, 1)", errno.EBADF),
        ("splice(pipe, sock, 1)", errno.EBADF),
        ("tee(pipe, pipe2, 1)", errno.EBADF),
        ("vmsplice(pipe, buf, 1)", errno.EBADF),
        ("pipe()\n splice(log, log, 1)", errno.EBADF),
        ("pipe()\n splice(log, pipe2, 1)", errno.EBADF),
        ("pipe()\n splice(dlq, pipe, 1)", errno.EBADF),
        ("pipe()\n splice(index, pipe, 1)", errno.EBADF),
        ("pipe()\n write(sock2, buf, 1)", errno.EBADF),
        ("pipe()\n splice(pipe, pipe, 1)", errno.EINVAL),
        ("pipe()\n tee(pipe, sock, 1)", errno.EINVAL),
        ("pipe()\n vmsplice(sock, buf, 1)", errno.EBADF),
        ("pipe()\n vmsplice(pipe, map, 1)", errno.EFAULT),
        ("pipe()\n send(pipe, buf, 1)", errno.ENOTSOCK),
        ("pipe()\n pread(pipe, buf, 1)", errno.ESPIPE),
        ("pipe()\n sendfile(sock, pipe, 1)", errno.ESPIPE),
        ("pipe()\n copy_file_range(log, pipe, 1)", errno.EINVAL),
        ("pipe()\n mmap(pipe)", errno.ENODEV),
        ("pipe()\n fsync(pipe)", errno.EINVAL),
        ("pipe(3G)", errno.EINVAL),
    ],
)
async def test_a_call_without_sense_gets_the_kernels_own_errno(observe, text: str, code: int) -> None:
    seen = await observe(f"once:\n {text}\nrepeat:\n sendfile(sock, log, 64K)\n")
    assert (seen.stop.ending, errno.errorcode[seen.stop.errno]) == (Ending.ERROR, errno.errorcode[code])
    assert sum(seen.tally.errors.values()) == 1
    assert seen.lines[-1].result.startswith(f"-1 {errno.errorcode[code]} (")


@pytest.mark.parametrize(
    "text",
    ["readahead(sock, 4K)", "madvise(map, hugepage)\n madvise(buf, random)\n verify(map)", "fadvise(log, noreuse)"],
)
async def test_advice_that_fails_fails_alone(observe, text: str) -> None:
    seen = await observe(f"once:\n mmap(log)\n {text}\nrepeat:\n sendfile(sock, log, 64K)\n")
    assert seen.stop.ending is Ending.SENT
    assert seen.delivery is not None and seen.delivery.received == 64 << 10


async def test_writing_to_a_mapping_that_is_read_only_dies_of_sigsegv(observe) -> None:
    text = "once:\n mmap(log)\n read(log, buf, 4K)\n memcpy(map, buf, 4K)\nrepeat:\n sendfile(sock, log, 64K)\n"
    seen = await observe(text)
    assert (seen.stop.ending, seen.stop.signal) == (Ending.KILLED, 11)


async def test_mapping_again_takes_the_old_ones_place(observe) -> None:
    seen = await observe("once:\n mmap(log)\n mmap(log, private, populate)\nrepeat:\n write(sock, map, 64K)\n")
    first, second, _ = seen.lines
    assert first.result == second.result
    assert second.text == f"mmap({first.result}, 65536, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_POPULATE, 3, 0)"


async def test_the_words_of_a_plan_are_those_the_calls_know() -> None:
    assert set(DESCRIPTORS) == {"log", "sock", "sock2", "sock3", "sock4", "index", "dlq", "pipe", "pipe2"}
    assert MEMORIES == ("buf", "buf2", "buf3", "map", "ack")
