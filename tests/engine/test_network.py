"""The bench NIC, seen from outside: from /proc, from iproute2, by who gets the bytes, and after every kind of end."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import psutil
import pytest

from zcquest.engine.calls import CALLS
from zcquest.engine.children import Children
from zcquest.engine.experiment import Laboratory
from zcquest.engine.network.bench import BenchNic
from zcquest.engine.network.counters import read_nic
from zcquest.engine.network.refusal import NetworkRefused, refused
from zcquest.engine.places import Evidence, Mover, Place
from zcquest.engine.plan import parse_plan
from zcquest.engine.probe import Finding
from zcquest.engine.scene import BenchNetwork, Scene

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROOT = Path(__file__).resolve().parents[2]
KIB = 1 << 10
GATHERING, SCATTERED = BenchNetwork(scatter_gather=True), BenchNetwork(scatter_gather=False)
SENDFILE = "repeat:\n    sendfile(sock, log, 64K)\n"
MAP_WRITE = "once:\n    mmap(log)\nrepeat:\n    write(sock, map, 64K)\n"
READ_WRITE = "repeat:\n    read(log, buf, 64K)\n    write(sock, buf, 64K)\n"
SPLICE = "once:\n    pipe()\nrepeat:\n    splice(log, pipe, 64K)\n    splice(pipe, sock, 64K)\n"
NOBODY = 65534

GAME = """
import asyncio, json, os, sys
from pathlib import Path
from zcquest.engine.calls import CALLS
from zcquest.engine.children import Children
from zcquest.engine.experiment import Laboratory
from zcquest.engine.logs import LogSpec
from zcquest.engine.network.refusal import NetworkRefused
from zcquest.engine.plan import parse_plan
from zcquest.engine.scene import BenchNetwork, Scene

async def copies(laboratory):
    plan, found = parse_plan("repeat:\\n sendfile(sock, log, 64K)\\n", CALLS), {}
    for on in (True, False):
        network = BenchNetwork(scatter_gather=on)
        scene = Scene(name="x", log=LogSpec(size=64 << 10), start="warm", network=network)
        async with laboratory.session(scene, plan) as session:
            status = Path(f"/proc/{session.machine_pid}/status").read_text()
            gauges = await session.gauges()
        seen = await laboratory.observe(scene, plan)
        rights = next(line.split()[1] for line in status.splitlines() if line.startswith("CapEff"))
        found[str(on)] = [seen.tally.copies(), seen.features["delivery"].kept, seen.network.sent.bytes, rights,
                          gauges.scatter_gather, seen.meters.private_bytes]
    return found

async def slow(laboratory):
    plan = parse_plan("repeat:\\n sendfile(sock, log, 4K)\\n", CALLS)
    network = BenchNetwork(scatter_gather=False)
    scene = Scene(name="slow", log=LogSpec(size=8 << 20), start="warm", rate=1 << 20, window=16384, network=network)
    async with laboratory.session(scene, plan) as session:
        running = asyncio.ensure_future(session.run())
        while len(session.trace) < 4:
            await asyncio.sleep(0.01)
        bench = session.wire.pid
        spaces = [f"/proc/{bench}/ns/net", session.wire.receiver.net]
        pids = [laboratory.children._process.pid, bench, session.machine_pid, session.far.child.pid]
        print(json.dumps([pids, [os.stat(space).st_ino for space in spaces]]), flush=True)
        stop = await running
        delivery = await session.finish()
        return [stop.ending, delivery.messages]

async def main():
    folder = Path(sys.argv[1])
    for name in ("logs", "runs"):
        (folder / name).mkdir(exist_ok=True)
    async with Children(folder / "runs") as children:
        laboratory = Laboratory(children, folder / "logs")
        try:
            print(json.dumps(await {"copies": copies, "slow": slow}[sys.argv[2]](laboratory)), flush=True)
        except NetworkRefused as refusal:
            print(json.dumps({"refused": str(refusal.message)}), flush=True)
        finally:
            await laboratory.close()

asyncio.run(main())
"""


@pytest.fixture(scope="module", autouse=True)
def _host_allows_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    async def build() -> None:
        async with Children(tmp_path_factory.mktemp("trial")) as children:
            nic = BenchNic(children)
            await nic.open()
            await nic.close()

    try:
        asyncio.run(build())
    except NetworkRefused as refusal:
        pytest.skip(str(refusal.message))


def play(scene: Any, network: BenchNetwork | None, **fields: Any) -> Scene:
    made: Scene = scene(network=network, **fields)
    return made


def spaces_in_use() -> set[int]:
    """The inode of every network namespace that any process is in, or holds by a descriptor."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        for path in (process / "ns/net", *_descriptors(process)):
            try:
                if os.readlink(path).startswith("net:["):
                    found.add(path.stat().st_ino)
            except OSError:
                continue
    return found


def _descriptors(process: Path) -> list[Path]:
    try:
        return list((process / "fd").iterdir())
    except OSError:
        return []


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def until(condition: Any, seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        await asyncio.sleep(0.02)


def links() -> set[str]:
    return set(psutil.net_if_addrs())


# -- what it shows -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("network", "text", "copies"),
    [
        (GATHERING, SENDFILE, 1.0),
        (SCATTERED, SENDFILE, 2.0),
        (None, SENDFILE, 1.0),
        (GATHERING, MAP_WRITE, 2.0),
        (SCATTERED, MAP_WRITE, 3.0),
        (GATHERING, READ_WRITE, 3.0),
        (SCATTERED, READ_WRITE, 4.0),
        (SCATTERED, SENDFILE.replace("64K", "1K"), 2.0),
        (GATHERING, SPLICE, 1.0),
        (SCATTERED, SPLICE, 2.0),
    ],
    ids=lambda value: value.splitlines()[-1].strip() if isinstance(value, str) else str(value),
)
async def test_the_third_copy_comes_back_without_scatter_gather(
    laboratory: Laboratory, scene, network: BenchNetwork | None, text: str, copies: float
) -> None:
    seen = await laboratory.observe(play(scene, network), parse_plan(text, CALLS))
    assert seen.tally.copies() == copies  # from a warm page cache: no disk hop
    assert seen.features["delivery"].kept and seen.features["checksum"].kept
    into_socket = next(hop for hop in seen.tally.hops if hop.target is Place.SOCKET)
    out = [(hop.mover, hop.evidence) for hop in seen.tally.hops if hop.target is Place.NIC]
    shared = "write" not in text
    assert (into_socket.mover, into_socket.evidence) == (Mover.NONE if shared else Mover.CPU, Evidence.PROVED)
    proof = seen.proofs[into_socket.step or 0]
    assert proof.finding is (Finding.SHARED if shared else Finding.COPIED)
    sent = [(Mover.DMA, Evidence.MODELLED)]
    if network is SCATTERED:  # the copy is made as the bytes leave: what still waits in the socket is shared
        sent.insert(0, (Mover.CPU, Evidence.PROVED if shared else Evidence.MODELLED))
        assert proof.departure and proof.departure.finding is Finding.COPIED
    assert out == sent


async def test_the_copy_into_the_card_stays_modelled_and_names_what_the_card_counted(
    laboratory: Laboratory, scene
) -> None:
    seen = await laboratory.observe(play(scene, SCATTERED), parse_plan(SENDFILE, CALLS))
    assert seen.network and not seen.network.scatter_gather
    sent = seen.network.sent
    assert sent.packets >= 64 * KIB / 1500  # no card can send a larger one without gathering
    assert 64 * KIB + 40 * sent.packets <= sent.bytes <= 64 * KIB + 100 * sent.packets
    (hop,) = (hop for hop in seen.tally.hops if hop.target is Place.NIC and hop.mover is Mover.DMA)
    assert hop.evidence is Evidence.MODELLED and hop.note
    assert f"{sent.bytes} bytes in {sent.packets} packets" in str(hop.note)
    gathered = await laboratory.observe(play(scene, GATHERING), parse_plan(SENDFILE, CALLS), probing=False)
    assert gathered.network and gathered.network.sent.packets < sent.packets


@pytest.mark.parametrize(("network", "copied"), [(GATHERING, False), (SCATTERED, True)], ids=["gathering", "scattered"])
async def test_what_has_left_a_card_without_scatter_gather_was_copied_what_waits_was_not(
    laboratory: Laboratory, scene, network: BenchNetwork, copied: bool
) -> None:
    """By hand, without the probe: one sendfile into a window of a few segments, and the log overwritten behind it."""
    slow = play(scene, network, window=4 * KIB, send_buffer=1024 * KIB)
    async with laboratory.session(slow, parse_plan(SENDFILE, CALLS), keep=64 * KIB) as session:
        await session.step()
        gauges = await session.gauges()
        assert 0 < gauges.receive_queue < 16 * KIB < 48 * KIB < gauges.send_queue
        await session.tamper()
        await session.run()
        await session.finish()
        left = await session.compare((0, gauges.receive_queue))
        waiting = await session.compare((32 * KIB, 64 * KIB))
    assert (left.old > 0, left.new > 0) == (copied, not copied)
    assert waiting.old == 0 < waiting.new


async def test_machine_and_consumer_are_in_networks_of_their_own(laboratory: Laboratory, scene) -> None:
    before = links()
    async with laboratory.session(play(scene, GATHERING), parse_plan(SENDFILE, CALLS)) as session:
        assert session.wire and session.far
        ours, theirs, receiver = (
            os.stat(f"/proc/{pid}/ns/net").st_ino for pid in ("self", session.machine_pid, session.far.child.pid)
        )
        assert len({ours, theirs, receiver}) == 3
        assert theirs == os.stat(f"/proc/{session.wire.pid}/ns/net").st_ino
        devices = Path(f"/proc/{session.machine_pid}/net/dev").read_text()
        assert "v0:" in devices and "v1:" not in devices
        assert "v1:" in Path(f"/proc/{session.far.child.pid}/net/dev").read_text()
        assert links() == before
        ends = f"{int.from_bytes(socket.inet_aton(session.wire.address), 'little'):08X}:{session.far.port:04X}"
        assert ends in Path(f"/proc/{session.machine_pid}/net/tcp").read_text()
        assert ends not in Path("/proc/net/tcp").read_text()
        with pytest.raises(OSError):
            socket.create_connection((session.wire.address, session.far.port), timeout=0.2)
        if ip := shutil.which("ip"):
            found = subprocess.run([ip, "netns", "list"], capture_output=True, text=True, check=False)
            assert not found.stdout.strip()


async def test_the_gauges_read_both_ends(laboratory: Laboratory, scene) -> None:
    async with laboratory.session(play(scene, GATHERING), parse_plan(SENDFILE, CALLS)) as session:
        assert session.wire
        before = read_nic("v0", session.wire.pid)
        first = await session.gauges()
        assert (first.nic_sent, first.nic_packets, first.scatter_gather) == (0, 0, True)
        await session.step()
        held = await session.gauges()
        assert held.send_queue + held.receive_queue >= 64 * KIB > 0 == held.received
        await session.run()
        await session.finish()
        last = await session.gauges()
        assert (last.send_queue, last.receive_queue, last.received) == (0, 0, 64 * KIB)
        after = read_nic("v0", session.wire.pid)
        assert before and after
        assert after.bytes - before.bytes == last.nic_sent > 64 * KIB
        assert after.packets - before.packets == last.nic_packets > 0


async def test_joining_is_no_call_of_the_plan(laboratory: Laboratory, scene) -> None:
    there = await laboratory.observe(play(scene, GATHERING), parse_plan(READ_WRITE, CALLS), probing=False)
    here = await laboratory.observe(play(scene, None), parse_plan(READ_WRITE, CALLS), probing=False)
    assert there.tally.syscalls == here.tally.syscalls == {"read": 1, "write": 1}
    assert there.tally.user_faults == here.tally.user_faults == 0
    assert here.network is None


# -- one card for everybody --------------------------------------------------------------------------------------------


async def test_all_sessions_share_one_card(laboratory: Laboratory, scene) -> None:
    plan = parse_plan(SENDFILE, CALLS)
    async with (
        laboratory.session(play(scene, GATHERING), plan) as one,
        laboratory.session(play(scene, GATHERING), plan) as other,
    ):
        assert one.wire == other.wire
        with pytest.raises(NetworkRefused, match="in use"):
            async with laboratory.session(play(scene, SCATTERED), plan):
                pass
    async with laboratory.session(play(scene, SCATTERED), plan) as later:
        assert later.wire and one.wire and later.wire.pid == one.wire.pid


async def test_a_lost_network_process_ends_no_run_and_is_replaced(laboratory: Laboratory, scene) -> None:
    plan = parse_plan(SENDFILE, CALLS)
    async with laboratory.session(play(scene, GATHERING), plan) as session:
        assert session.wire
        os.kill(session.wire.pid, signal.SIGKILL)
        await until(lambda: session.wire and gone(session.wire.pid))
        stop = await session.run()
        delivery = await session.finish()
        assert stop.ending == "sent" and delivery and delivery.received == 64 * KIB
        assert (await session.gauges()).nic_sent == 0  # nobody is left to read it from
    again = await laboratory.observe(play(scene, SCATTERED), plan)
    assert again.tally.copies() == 2.0


async def test_a_card_that_nobody_waits_for_any_more_is_no_trouble_to_the_next(laboratory: Laboratory) -> None:
    nic = BenchNic(laboratory.children)
    for turns in (1, 2, 4, 8, 16):
        opening = asyncio.ensure_future(nic.open())
        for _ in range(turns):
            await asyncio.sleep(0)
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)
    async with nic.use(SCATTERED) as wire:
        assert wire and not wire.scatter_gather
        assert read_nic("v0", wire.pid)
    await nic.close()
    assert gone(wire.pid)
    await nic.close()


# -- its ends ----------------------------------------------------------------------------------------------------------


# An interpreter in somebody's home is closed to others; the system's finds the same packages by this.
SEEN_BY_ALL = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), sysconfig.get_path("platlib")])}


@contextmanager
def game(folder: Path, mode: str, *prefix: str, python: str = sys.executable) -> Iterator[Any]:
    process = subprocess.Popen(
        [*prefix, python, "-c", GAME, str(folder), mode],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=SEEN_BY_ALL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def answer(process: subprocess.Popen[str]) -> Any:
    assert process.stdout and process.stderr
    line = process.stdout.readline()
    assert line, process.stderr.read()
    return json.loads(line)


@pytest.fixture
def shared_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that any user may come to and write in: pytest's own are closed to others."""
    folder = Path("/tmp", f"zcquest-network-{os.getpid()}-{time.monotonic_ns()}")
    folder.mkdir()
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


@cache
def as_nobody() -> tuple[list[str], str]:
    """What runs a command without any right, and an interpreter that then still works. Skips where there is none."""
    if os.getuid():
        return [], sys.executable
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("setpriv is not installed")
    command = [setpriv, f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--bounding-set=-all"]
    trial = "import subprocess, sys, msgspec, psutil, pyroute2; subprocess.run([sys.executable, '-c', ''], check=True)"
    for python in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        done = subprocess.run([*command, python, "-c", trial], cwd="/", env=SEEN_BY_ALL, capture_output=True)
        if done.returncode == 0:
            return command, python
    pytest.skip("no Python here that nobody may run")


KILLED = {"game": None, "forkserver": 0, "network": 1, "machine": 2, "consumer": 3}


async def test_a_pipe_can_be_looked_into_from_other_namespaces(laboratory: Laboratory, scene) -> None:
    async with laboratory.session(play(scene, GATHERING), parse_plan(SPLICE, CALLS)) as session:
        for _ in range(2):
            await session.step()
        assert (await session.gauges()).pipe_fill == 64 * KIB


@pytest.mark.parametrize("user", ["root", "nobody"])
@pytest.mark.parametrize("victim", KILLED)
async def test_whoever_is_killed_in_mid_run_nothing_is_left(shared_folder: Path, victim: str, user: str) -> None:
    before = links()
    prefix, python = as_nobody() if user == "nobody" else ([], sys.executable)
    with game(shared_folder, "slow", *prefix, python=python) as process:
        pids, spaces = await asyncio.to_thread(answer, process)
        assert set(spaces) <= spaces_in_use()
        index = KILLED[victim]
        if victim == "network":  # the run goes on in the namespaces that its builder has left
            os.kill(pids[1], signal.SIGKILL)
            await until(lambda: gone(pids[1]))
            assert not gone(pids[2]) and not gone(pids[3])
            process.send_signal(signal.SIGTERM)
        elif index is None:
            process.kill()
        else:
            os.kill(pids[index], signal.SIGKILL)
            if victim in ("machine", "consumer"):
                await until(lambda: gone(pids[2]) and gone(pids[3]), 20.0)
                await until(lambda: process.poll() is not None, 20.0)
        await until(lambda: all(map(gone, pids)))
        await until(lambda: not set(spaces) & spaces_in_use())
    assert links() == before


async def test_it_takes_no_privilege_and_leaves_the_machine_none(shared_folder: Path) -> None:
    prefix, python = as_nobody()
    with game(shared_folder, "copies", *prefix, python=python) as process:
        found = await asyncio.to_thread(answer, process)
        assert process.wait(10) == 0
    for on, copies in (("True", 1.0), ("False", 2.0)):
        figure, delivered, sent, rights, state, private = found[on]
        assert (figure, delivered, state) == (copies, True, on == "True")
        assert sent > 64 * KIB and private > 0
        assert int(rights, 16) == 0
    assert not list((shared_folder / "runs").iterdir())


# -- where it is refused -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("forbidden", "with_rights", "call"),
    [
        ("max_user_namespaces", False, "unshare(CLONE_NEWUSER)"),
        ("max_net_namespaces", True, "unshare(CLONE_NEWNET)"),
    ],
)
async def test_a_host_that_forbids_namespaces_is_named(
    shared_folder: Path, forbidden: str, with_rights: bool, call: str
) -> None:
    """A nested user namespace with a limit of 0 is such a host: the kernel itself refuses."""
    unshare, setpriv = shutil.which("unshare"), shutil.which("setpriv")
    if not (unshare and setpriv):
        pytest.skip("unshare and setpriv are not installed")
    script = (
        f'echo 0 > /proc/sys/user/{forbidden} && exec {"" if with_rights else setpriv + " --bounding-set=-all"} "$@"'
    )
    with game(shared_folder, "copies", unshare, "--user", "--map-root-user", "sh", "-c", script, "sh") as process:
        told = (await asyncio.to_thread(answer, process))["refused"]
        assert process.wait(10) == 0
    assert f"{call} failed with ENOSPC (No space left on device)" in told
    assert "user.max_user_namespaces" in told
    assert not list((shared_folder / "runs").iterdir())


async def test_a_refusal_says_what_would_help(monkeypatch: pytest.MonkeyPatch) -> None:
    from zcquest.engine.network import refusal

    def told(call: str, number: int, **sysctls: str) -> str:
        monkeypatch.setattr(refusal, "_sysctl", lambda name: sysctls.get(name.rpartition("/")[2], ""))
        return str(refused(call, number).message)

    unshare = "unshare(CLONE_NEWUSER)"
    assert "kernel.unprivileged_userns_clone=1" in told(unshare, 1, unprivileged_userns_clone="0")
    assert "apparmor" in told("/proc/self/uid_map", 1, apparmor_restrict_unprivileged_userns="1")
    assert "modprobe veth" in told("RTM_NEWLINK veth", 95)
    monkeypatch.setattr(refusal, "_filtered", lambda: True)
    assert "seccomp=unconfined" in told(unshare, 1)
    monkeypatch.setattr(refusal, "_filtered", lambda: False)
    assert "EPERM (Operation not permitted). Only a process" in told(unshare, 1)
    assert told(unshare, 12).endswith("ENOMEM (Cannot allocate memory)")
