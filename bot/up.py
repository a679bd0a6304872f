"""`nightshift up`: the main job in this process, from the first line on the screen to a clean end."""

from __future__ import annotations

import logging
import os
import signal
import stat
import sys
import threading

from adapters.channel_console import ConsoleChannel
from adapters.token_file import first_token
from bot.alert_tokens import tokens_of
from bot.dispatcher import Dispatcher
from bot.intake_queue import IntakeQueue
from bot.logs import start_logging, start_logging_to
from bot.maintenance_door import MaintenanceDoor
from bot.messages import words_of
from bot.metrics import Metrics
from bot.mind_lines import minds_line
from bot.minds import warm
from bot.noting import ChangesDoor
from bot.roster_rules import replaced
from bot.server import Doors, Server, build_app
from bot.settings import Settings
from bot.waking import waking_lines
from bot.wiring import CONSOLE, House, build, desk_of, local_place
from core.ports import Channel

log = logging.getLogger("nightshift")


class Up:
    """Everything that is configured, until somebody ends it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._words = words_of(settings.file.language)

    def run(self) -> int:
        """0 after a clean end; our errors are raised before anything has begun."""
        console = self._console_fits()
        self._start_logs(is_quiet=console and sys.stdin.isatty())
        house = build(local_place(self._settings, (CONSOLE,) if console else ()))
        channel = (
            ConsoleChannel(sys.stdin.fileno(), sys.stdout, house.store.clock, self._words.table) if console else None
        )
        channels: dict[str, Channel] = {CONSOLE: channel} if channel else {}
        desk = desk_of(house, self._settings.file.language, channels)
        dispatcher = Dispatcher(house, desk, tuple(channels), keeps_room=True)
        queue, server = self._doors(house)
        # Trying the sandbox takes a third of a second; whoever needs the result waits for the same trial.
        threading.Thread(target=house.sandbox.self_test, name="self-test", daemon=True).start()
        warm(house.team.thinking)
        if self._settings.file.router.semantic:
            house.team.router()  # what is compared by meaning is learned from now on, not from the first incident on
        try:
            server.start()
            self._greet(house, has_console=console)
            for name in channels:
                desk.show_open(name)
            dispatcher.start()
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, lambda *_: dispatcher.end())
            dispatcher.wait()
        finally:
            server.close()
            queue.close()
            if channel is not None:
                channel.close()
            dispatcher.close()
        return 0

    def _doors(self, house: House) -> tuple[IntakeQueue, Server]:
        rows, settings = house.rows, self._settings
        first = settings.env.alert_token or first_token(settings.home)
        waiting: list[IntakeQueue] = []
        metrics = Metrics(lambda: _readings(house, waiting[0]))
        queue = IntakeQueue(rows.intake, rows.clock, metrics.committed)
        waiting.append(queue)
        house.engine.gives_way = lambda: queue.is_storm
        inventory = house.place.inventory
        maintenance = MaintenanceDoor(rows.pauses, inventory, rows.clock)
        changes = ChangesDoor(rows.marks, inventory, rows.clock)
        doors = Doors(
            tokens_of(settings, first),
            inventory,
            queue,
            metrics,
            rows.clock,
            lambda: _not_ready(house),
            {"/maintenance": maintenance.post, "/changes": changes.post},
        )
        return queue, Server(build_app(doors), settings.file.server.port)

    def _console_fits(self) -> bool:
        """A terminal, or a pipe that somebody types into; not the null device of a service."""
        try:
            mode = os.fstat(sys.stdin.fileno()).st_mode
        except (OSError, ValueError):
            return False
        return sys.stdin.isatty() or stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)

    def _start_logs(self, *, is_quiet: bool) -> None:
        """Beside a person's cards the log goes to a file; a service's goes to stderr, where its supervisor keeps it."""
        if is_quiet:
            start_logging_to(self._settings.home / "nightshift.log")
        else:
            start_logging()

    def _greet(self, house: House, *, has_console: bool) -> None:
        say = self._words.say
        place = house.place
        lines = [
            *waking_lines(self._settings, self._words, house.store.clock.now()),
            say("up.watching", hosts=", ".join(e.name for e in place.inventory.hosts), count=len(place.checks)),
            minds_line(self._settings, self._words),
            *(say(key, **facts) for key, facts in replaced(place.inventory)),
            say("up.doors", port=self._settings.file.server.port, home=str(place.home)),
            say("up.keys" if has_console else "up.noconsole"),
        ]
        if broken := house.store.tampered():
            lines.append(say("up.tampered", row=broken[0]))
        reasons = house.sandbox.self_test()
        if reasons:
            lines.append(say("up.unfit", reason=reasons[0]))
        try:
            sys.stdout.write("\n".join(lines) + "\n")
            sys.stdout.flush()
        except OSError as error:
            log.warning("the first lines could not be shown: %s", error)


def _readings(house: House, queue: IntakeQueue) -> dict[str, float]:
    rows = house.rows
    return {
        "intake_depth": float(queue.depth),
        "incidents_open": float(len(rows.log.incidents(only_open=True, limit=10_000))),
        "approvals_pending": float(len(rows.book.pending())),
        "stops": float(len(rows.gate.stops())),
    }


def _not_ready(house: House) -> tuple[str, ...]:
    """What keeps it from working: a database that does not answer, raised and shown as such, or takes no rows; a sandbox that is unfit."""
    house.rows.gate.stops()
    trouble = house.store.db.trouble
    return ((trouble,) if trouble else ()) + house.sandbox.self_test()
