"""Runs one stack: emulated AWS first, what is in it second, the services last."""

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Callable, Iterator, Mapping

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra.local import ownership
from infra.local.journal import Journal
from infra.local.keeper import Keeper, NeverReady
from infra.local.kept import Kept, keep
from infra.local.layout import SUPERVISOR, Layout, Options
from infra.local.processes import Process, emulator, services
from infra.local.provision import Resources, provision
from infra.local.signin import ready_made_users
from infra.local.written import write_all

# Which processes to run; tests put small ones in their place.
Table = Callable[[Options, Resources, Kept, Mapping[str, str]], list[Process]]

START_DEADLINE = 120.0  # seconds until everything has to be ready
_SERVICE_GRACE = 20.0  # seconds to finish or release what a worker holds
_AWS_GRACE = 10.0  # seconds for the emulator to write its state


class StartFailed(Exception):
    """The stack did not become ready; the text says why."""


class Supervisor:
    """One run of one stack. ``parent`` is the environment that the command was given."""

    def __init__(
        self,
        options: Options,
        journal: Journal,
        parent: Mapping[str, str],
        table: Table = services,
    ) -> None:
        self._options = options
        self._layout = options.layout
        self._journal = journal
        self._parent = parent
        self._table = table
        self._stop = asyncio.Event()
        self._deadline: float | None = None  # on the loop's clock, until the first readiness
        self._was_ready = False
        self._kept, self._known = keep(self._layout.state)
        self._aws = Keeper(emulator(self._layout, parent), self._layout, journal)
        self._services: list[Keeper] = []

    async def run(self) -> None:
        """Run until a signal. Raise ``StartFailed`` if not everything becomes ready in time."""
        loop = asyncio.get_running_loop()
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(signum, self._asked_to_stop)
        self._deadline = loop.time() + START_DEADLINE
        aws = asyncio.create_task(self._aws.run())
        try:
            while not self._stop.is_set():
                await self._serve(aws)
        except NeverReady as error:
            raise StartFailed(str(error)) from None
        except (BotoCoreError, ClientError) as error:
            raise StartFailed(f"emulated AWS refused what we asked of it: {error}") from error
        finally:
            await self._aws.stop(_AWS_GRACE)
            await asyncio.gather(aws, return_exceptions=True)

    async def _serve(self, aws: asyncio.Task[None]) -> None:
        """From an emulator that answers to its end, or to the end of everything."""
        await self._all_ready([self._aws], aws)
        if self._stop.is_set():
            return
        self._aws.lost.clear()
        resources = await asyncio.to_thread(self._provision)
        write_all(self._layout, resources, self._kept)
        table = self._table(self._options, resources, self._kept, self._parent)
        self._services = [
            Keeper(
                each,
                self._layout,
                self._journal,
                patient=self._was_ready,
                restart_pause=self._options.restart_pause,
            )
            for each in table
        ]
        tasks = [asyncio.create_task(each.run()) for each in self._services]
        try:
            await self._all_ready(self._services, *tasks, aws, self._aws.lost)
            if not (self._stop.is_set() or self._aws.lost.is_set()):
                self._deadline, self._was_ready = None, True
                self._announce()
                await self._first(*tasks, aws, self._aws.lost)
        finally:
            self._layout.ready.unlink(missing_ok=True)
            await asyncio.gather(*(each.stop(_SERVICE_GRACE) for each in self._services))
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _all_ready(
        self, keepers: list[Keeper], *awaited: asyncio.Event | asyncio.Task[None]
    ) -> None:
        try:
            async with asyncio.timeout_at(self._deadline):
                for each in keepers:
                    await self._first(*awaited, each.ready)
        except TimeoutError:
            late = [each.process.name for each in keepers if not each.ready.is_set()]
            raise StartFailed(
                f"not ready after {START_DEADLINE:.0f} s: {', '.join(late)}; "
                f"see {self._layout.log / late[0]}.log"
            ) from None

    async def _first(self, *awaited: asyncio.Event | asyncio.Task[None]) -> None:
        """Wait for any event or for the stop; pass on the failure of a task that ends."""
        tasks = [each for each in awaited if isinstance(each, asyncio.Task)]
        events = [each for each in awaited if isinstance(each, asyncio.Event)]
        waits = [asyncio.create_task(each.wait()) for each in (*events, self._stop)]
        try:
            done, _ = await asyncio.wait([*tasks, *waits], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()
        for task in done:
            task.result()

    def _provision(self) -> Resources:
        resources = provision(
            boto3.Session(),
            ui_url=self._layout.ui_url,
            retention_days=self._options.retention_days,
            passwords={user: self._kept.password_of(user) for user in ready_made_users()},
        )
        if self._known and resources.made:
            lost = ", ".join(resources.made)
            self._journal.say(
                f"Emulated AWS had lost its {lost} (it was killed before it could write them): "
                "made again, empty."
            )
        self._known = True
        return resources

    def _asked_to_stop(self) -> None:
        if not self._stop.is_set():
            self._stop.set()
            self._journal.say("Stopping … (once more to kill)")
            return
        for each in (*self._services, self._aws):
            each.kill()

    def _announce(self) -> None:
        checks = [
            (each.process.port, each.process.health_path)
            for each in self._services
            if each.process.port is not None
        ]
        self._layout.ready.write_text(json.dumps(checks))
        self._journal.ready(self._welcome())

    def _welcome(self) -> str:
        user, admin = ready_made_users()
        standin = self._layout.standin_url
        token, stop = (self._layout.command(goal) for goal in ("token NAME=anyone", "down"))
        return "\n".join(
            [
                "",
                f"  Page      {self._layout.ui_url}",
                f"  API       {self._layout.gateway_url}    (a token: {token})",
                f"  AWS       {self._layout.aws_url}",
                *([f"  Stand-in  {standin}"] if standin else []),
                f"  Sign in   {user} / {self._kept.password_of(user)}",
                f"  Admin     {admin} / {self._kept.password_of(admin)}",
                f"  Logs      {self._layout.log}",
                f"  Stop      {stop if self._options.detach else 'Ctrl-C stops it'}",
                "",
            ]
        )


@contextlib.contextmanager
def registered(layout: Layout) -> Iterator[None]:
    """The supervisor's own pid file, and the end of ``stack.env`` with it."""
    ownership.record(layout.run, SUPERVISOR, os.getpid())
    try:
        yield
    finally:
        layout.stack_env.unlink(missing_ok=True)
        ownership.forget(layout.run, SUPERVISOR)
