"""Which engine holds the guests: the one that the settings name, else the first that passes its self-test; never none."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from adapters.sandbox.bubblewrap import BubblewrapSandbox
from core.errors import UnavailableError
from core.guest import GuestResult, GuestRun
from core.world import Json

if TYPE_CHECKING:
    from adapters.sandbox.warm import WarmGuests

AUTO = ("bubblewrap", "docker")


@dataclass(frozen=True, slots=True)
class Choice:
    """`[sandbox]` of the settings. `engine` is auto, bubblewrap, docker or sidecar; '' stands for an engine's own default."""

    engine: str = "auto"
    docker: str = ""
    image: str = ""
    runtime: str = ""
    socket: str = ""

    @property
    def candidates(self) -> tuple[str, ...]:
        """In the order in which they are tried; who named a runtime wants docker."""
        named = "docker" if self.engine == "auto" and self.runtime else self.engine
        return AUTO if named == "auto" else (named,)


class Engine(Protocol):
    """A Sandbox that says what it is."""

    guests: WarmGuests

    @property
    def backend(self) -> str:
        """What holds a guest."""
        ...

    @property
    def profile(self) -> str:
        """The hash of all that a run stands on."""
        ...

    def run(self, run: GuestRun, answer: Callable[[str, dict[str, Json]], Json]) -> GuestResult:
        """See `core.ports.Sandbox`."""
        ...

    def self_test(self) -> tuple[str, ...]:
        """See `core.ports.Sandbox`."""
        ...

    def close(self) -> None:
        """See `core.ports.Sandbox`."""
        ...


def made(name: str, choice: Choice, warm: int) -> Engine:
    """One engine; what it needs of others is loaded only now."""
    if name == "docker":
        from adapters.sandbox import docker  # noqa: PLC0415 - docker-py takes 0.2 s, and most machines need none

        return docker.DockerSandbox(warm, choice.docker or docker.SOCKET, choice.image or docker.IMAGE, choice.runtime)
    if name == "sidecar":
        from adapters.sandbox import sidecar  # noqa: PLC0415 - as above

        return sidecar.SidecarSandbox(choice.socket or sidecar.SOCKET)
    return BubblewrapSandbox(warm)


class ChosenSandbox:
    """The Sandbox that the settings choose. The first candidate starts its guests at once; the next is made where that one is unfit."""

    def __init__(self, choice: Choice, warm: int) -> None:
        self._choice, self._warm = choice, warm
        self._choosing = threading.Lock()
        self._name = choice.candidates[0]
        self._engine = made(self._name, choice, warm)
        self._is_chosen = len(choice.candidates) == 1
        self._unfit: tuple[str, ...] = ()
        self._is_closed = False

    @property
    def backend(self) -> str:
        """The engine that is used, and for a person why not the one before it."""
        return "; ".join((self._engine.backend, *(f"not {reason}" for reason in self._unfit)))

    @property
    def profile(self) -> str:
        """The hash of guest, filters and interpreter of the engine that is used; '' before its first start."""
        return self._engine.profile

    @property
    def guests(self) -> WarmGuests:
        """The pool of the engine that is used."""
        return self._engine.guests

    def others(self) -> tuple[str, ...]:
        """Engines that could be used and are not, for `doctor`: each with whether it is there, or why not; no guest is started."""
        return tuple(f"{name}: {_presence(name, self._choice)}" for name in AUTO if name != self._name)

    def run(self, run: GuestRun, answer: Callable[[str, dict[str, Json]], Json]) -> GuestResult:
        """Runs it on the engine that is used; chooses one where nobody has yet."""
        if not self._is_chosen and (reasons := self.self_test()):
            raise UnavailableError(f"no sandbox is fit here: {'; '.join(reasons)}")
        return self._engine.run(run, answer)

    def self_test(self) -> tuple[str, ...]:
        """Why no candidate is fit; empty once one is, which is then used."""
        with self._choosing:
            if self._is_chosen:
                return self._engine.self_test()
            found: tuple[str, ...] = ()
            for number, name in enumerate(self._choice.candidates):
                if number and not self._is_closed:
                    self._engine.close()
                    self._name, self._engine = name, made(name, self._choice, self._warm)
                if not (reasons := self._engine.self_test()):
                    self._is_chosen, self._unfit = True, found
                    return ()
                found += (f"{name}: {reasons[0]}",)
            return found

    def close(self) -> None:
        """See `core.ports.Sandbox`."""
        self._is_closed = True
        self._engine.close()


def _presence(name: str, choice: Choice) -> str:
    if name == "bubblewrap":
        from adapters.sandbox.profile import Profile  # noqa: PLC0415 - asked by doctor alone

        try:
            Profile.found("/usr/bin/python3", 200_001)
        except UnavailableError as error:
            return str(error)
        return "there"
    from adapters.sandbox import docker  # noqa: PLC0415 - docker-py takes 0.2 s

    sandbox = docker.DockerSandbox(0, choice.docker or docker.SOCKET, choice.image or docker.IMAGE, choice.runtime)
    try:
        sandbox.reap()
    except UnavailableError as error:
        return str(error)
    finally:
        sandbox.close()
    return "there"
