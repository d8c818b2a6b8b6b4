"""The bench NIC: a network card of the player's own, between a sender and a receiver that nobody else can reach."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from zcquest.engine.children import Child, Children
from zcquest.engine.control import Built, FromNetwork, NetworkConfig, NotBuilt, ScatterGather, SetScatterGather
from zcquest.engine.message import message
from zcquest.engine.network.namespaces import Namespaces
from zcquest.engine.network.refusal import NetworkRefused, refused
from zcquest.engine.scene import BenchNetwork

NIC = "v0"
ADDRESS = "192.0.2.2"


@dataclass(frozen=True, slots=True)
class Wire:
    """What a session needs to know of the bench NIC it runs over; `pid` sits in the sender's network namespace."""

    pid: int
    sender: Namespaces
    receiver: Namespaces
    scatter_gather: bool
    address: str = ADDRESS  # the receiver's
    nic: str = NIC  # the sender's


class BenchNic:
    """Built on first use, again if its process was lost; gone with `close`, or with the children."""

    def __init__(self, children: Children) -> None:
        self._children = children
        self._child: Child | None = None
        self._built: Built | None = None
        self._scatter_gather: bool | None = None
        self._users = 0
        self._switching = asyncio.Lock()

    @asynccontextmanager
    async def use(self, network: BenchNetwork | None) -> AsyncIterator[Wire | None]:
        """The wire for one session, its scatter-gather as the scene wants it; None for a scene on loopback.

        Raises NetworkRefused, also when another session is using it the other way; ChildLost.
        """
        if network is None:
            yield None
            return
        async with self._switching:
            if self._users and network.scatter_gather is not self._scatter_gather:
                raise NetworkRefused(message("the bench NIC is in use, with its scatter-gather set the other way"))
            await self.open()
            await self.scatter_gather(network.scatter_gather)
            wire = self._wire()
            self._users += 1
        try:
            yield wire
        finally:
            self._users -= 1

    async def open(self) -> None:
        """Build it unless it is there. Raises NetworkRefused, ChildLost."""
        if self._child and not self._child.exited.done():
            return
        await self.close()
        self._child = await self._children.spawn("network", NetworkConfig(), FromNetwork)
        answer = await self._hear(self._child)
        if isinstance(answer, NotBuilt):
            await self.close()
            raise refused(answer.call, answer.errno)
        assert isinstance(answer, Built)
        self._built = answer

    async def scatter_gather(self, on: bool) -> None:
        """Switch it for the connections to come. Raises NetworkRefused, ChildLost."""
        assert self._child
        if self._scatter_gather is on:
            return
        await self._child.say(SetScatterGather(on))
        answer = await self._hear(self._child)
        assert isinstance(answer, ScatterGather)
        if answer.errno:
            raise refused("ioctl(SIOCETHTOOL, ETHTOOL_SSG)", answer.errno)
        self._scatter_gather = answer.on

    async def _hear(self, child: Child) -> object:
        """The answer; where it is waited for no longer, the child goes, or it would be taken for the next one's."""
        try:
            return await child.hear()
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """End its process. Runs that are still on keep their namespaces until they end."""
        child, self._child, self._built, self._scatter_gather = self._child, None, None, None
        if child:
            await child.end()

    def _wire(self) -> Wire:
        assert self._child and self._built and self._scatter_gather is not None
        proc = f"/proc/{self._child.pid}"
        user = f"{proc}/ns/user" if self._built.in_user_namespace else None
        return Wire(
            pid=self._child.pid,
            sender=Namespaces(f"{proc}/ns/net", user),
            receiver=Namespaces(f"{proc}/fd/{self._built.receiver}", user),
            scatter_gather=self._scatter_gather,
        )
