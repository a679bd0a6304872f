"""Port Pager through apprise: phone and push services, SMS, e-mail; every address holds a secret, so none is ever shown or logged."""

from __future__ import annotations

import logging
import re
import threading
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue

import apprise

from core.errors import UnknownError
from core.page import Receipt
from core.ports import Clock

BOUND = 18.0
"""Seconds for one page; whoever pages waits at most 20."""

_STATUS = re.compile(r"\berror=(\d{3})\b")
_NO_CONNECTION = re.compile(r"(?i)connection error|timed? ?out|socket exception")


class _Ear(logging.Handler):
    """What apprise says of one address, which may name it: heard in the thread that asked, and kept from every log."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._heard: dict[int, list[str]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        self._heard.setdefault(threading.get_ident(), []).append(record.getMessage())

    def forget(self) -> str:
        """Everything that was said in this thread."""
        return "\n".join(self._heard.pop(threading.get_ident(), []))


_EAR = _Ear()


def _silence() -> None:
    """Its own logger shows addresses, that of its HTTP library shows paths with tokens in them."""
    log = logging.getLogger("apprise")
    log.propagate, log.handlers = False, [_EAR]
    log.setLevel(logging.WARNING)
    logging.getLogger("urllib3").setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True)
class Address:
    """One way to a person: the name of the setting it stands in, for people, and the address itself."""

    name: str
    url: str

    def __repr__(self) -> str:
        return f"Address({self.name})"


class ApprisePager:
    """Tries all addresses of a person at once; one that takes the page is enough."""

    def __init__(self, addresses: Mapping[str, Sequence[Address]], clock: Clock, bound: float = BOUND) -> None:
        _silence()
        self._clock, self._bound = clock, bound
        self._services: dict[str, list[tuple[str, apprise.NotifyBase]]] = {}
        self.mistakes: list[str] = []
        for person, given in addresses.items():
            for address in given:
                self._open(person, address)

    def reaches(self, person: str) -> bool:
        """See `core.people_ports.Pager`."""
        return person in self._services

    def page(self, person: str, line: str, link: str) -> Receipt:
        """See `core.people_ports.Pager`."""
        if not self.reaches(person):
            raise UnknownError("pager of", person, tuple(self._services))
        services = self._services[person]
        answers: SimpleQueue[tuple[str, str]] = SimpleQueue()
        for name, service in services:
            call = threading.Thread(target=_call, args=(name, service, (line, link), answers), name="page", daemon=True)
            call.start()
        return self._first(len(services), answers)

    def _open(self, person: str, address: Address) -> None:
        asset = apprise.AppriseAsset(storage_mode=apprise.PersistentStoreMode.MEMORY)
        asset.app_id = asset.app_desc = "Nightshift"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # it loads all of its services, some of them of old
            service = _opened(address.url, asset)
        _EAR.forget()
        if service is None:
            self.mistakes.append(f"{address.name} of {person} is no address that apprise knows")
        else:
            self._services.setdefault(person, []).append((address.name, service))

    def _first(self, asked: int, answers: SimpleQueue[tuple[str, str]]) -> Receipt:
        """The first yes; what went wrong where there is none in time."""
        deadline, failed = time.monotonic() + self._bound, []
        for _ in range(asked):
            try:
                name, problem = answers.get(timeout=max(0.01, deadline - time.monotonic()))
            except Empty:
                failed.append(f"no answer within {self._bound:g} s")
                break
            if not problem:
                return Receipt(ok=True, detail=f"taken by {name}", at=self._clock.now())
            failed.append(f"{name}: {problem}")
        return Receipt(ok=False, detail="; ".join(failed), at=self._clock.now())


def _opened(url: str, asset: apprise.AppriseAsset) -> apprise.NotifyBase | None:
    """None also where one of its services stumbles over what it cannot read: that is a mistake in the address, and no end of ours."""
    try:
        return apprise.Apprise.instantiate(url, asset=asset)
    except (AttributeError, LookupError, OSError, TypeError, ValueError):
        return None


def _call(name: str, service: apprise.NotifyBase, said: tuple[str, str], answers: SimpleQueue[tuple[str, str]]) -> None:
    try:
        has_arrived = service.notify(
            body=said[1] or "Nightshift", title=said[0], notify_type=apprise.NotifyType.FAILURE
        )
        problem = "" if has_arrived else _problem(_EAR.forget())
    except BaseException as error:  # noqa: BLE001 - a hundred vendors behind one call: whatever they raise, nobody was woken
        problem = type(error).__name__
    answers.put((name, problem))
    _EAR.forget()


def _problem(said: str) -> str:
    """In our words, because theirs may hold the address."""
    if status := _STATUS.search(said):
        return f"HTTP {status[1]}"
    return "cannot be reached" if _NO_CONNECTION.search(said) else "not taken"
