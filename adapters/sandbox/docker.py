"""Sandbox on docker: the same guest as bubblewrap's, in a container without network, rights or a place to write to."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

import docker
from docker.errors import APIError, ImageNotFound

from adapters.sandbox import probes, seccomp
from adapters.sandbox.docker_guest import FAULTS, GUEST, DockerGuest, Form, connected
from adapters.sandbox.launch import digest_of
from adapters.sandbox.line import LineError
from adapters.sandbox.owner import LABEL, is_gone
from adapters.sandbox.warm import WarmGuests
from core.errors import UnavailableError
from core.guest import GuestResult, GuestRun
from core.world import Json

SOCKET = "unix:///var/run/docker.sock"
IMAGE = "nightshift-sandbox"
REAPS_EVERY = 60.0


class DockerSandbox:
    """Runs every skill in a container of its own; several threads may run skills at once.

    `warm` containers are kept started (about 11 MB each, no CPU). Its image holds an interpreter and nothing of ours; it is looked up once
    and then used by its content. `runtime` names another one than docker's own, such as gVisor's `runsc`. Whoever may open the docker
    socket is as good as root on that machine: the bot in a container uses the sidecar instead.
    """

    def __init__(self, warm: int = 2, url: str = SOCKET, image: str = IMAGE, runtime: str = "") -> None:
        self._url, self._image, self._runtime = url, image, runtime
        self._connecting = threading.Lock()
        self._client: docker.APIClient | None = None
        self._form: Form | None = None
        self._version = ""
        self._is_closed = threading.Event()
        self._probing = threading.Lock()
        self._reaper: threading.Thread | None = None
        self.guests = WarmGuests(self._start, warm)

    @property
    def backend(self) -> str:
        """What holds a guest, for `doctor`: engine and image."""
        if self._form is None:
            return "docker"
        digest = self._form.image.removeprefix("sha256:")[:12]
        return f"docker {self._version}{f' with {self._runtime}' if self._runtime else ''}, image {digest}"

    @property
    def profile(self) -> str:
        """The hash of all that a run stands on: guest, filters, interpreter; '' before the first start."""
        if self._form is None:
            return ""
        return digest_of(
            GUEST.read_bytes(), self._form.filters.stage2, self._form.image.encode(), self._runtime.encode()
        )

    def run(self, run: GuestRun, answer: Callable[[str, dict[str, Json]], Json]) -> GuestResult:
        """Runs it in a fresh guest, which is dead when this returns."""
        return self.guests.run(run, answer)

    def self_test(self) -> tuple[str, ...]:
        """Probes that try what no skill may, and one that does what every skill may; the reasons why it is not fit."""
        with self._probing:
            return probes.reasons(self)

    def close(self) -> None:
        """Ends every guest."""
        self._is_closed.set()
        self.guests.close()
        if self._reaper is not None:
            self._reaper.join(5)
        if self._client is not None:
            self._client.close()

    def reap(self) -> int:
        """Removes the containers of owners that are dead, and says how many."""
        client, _ = self._ready()
        found = client.containers(all=True, filters={"label": LABEL})
        gone = [one["Id"] for one in found if is_gone(one["Labels"][LABEL])]
        for container in gone:
            with contextlib.suppress(*FAULTS):
                client.remove_container(container, force=True, v=True)
        return len(gone)

    def _start(self, slot: int) -> DockerGuest:
        client, form = self._ready()
        try:
            return DockerGuest.started(client, form, slot)
        except ImageNotFound as error:
            raise self._no_image() from error
        except APIError as error:
            raise UnavailableError(f"docker refuses to start a guest: {error.explanation or error}") from error
        except (*FAULTS, LineError, AttributeError, KeyError, ValueError) as error:  # half an answer of a busy docker
            raise UnavailableError(f"docker does not start a guest: {error}") from error

    def _ready(self) -> tuple[docker.APIClient, Form]:
        """Connected, the image known by its content, and what dead owners left removed."""
        with self._connecting:
            if self._client is not None and self._form is not None:
                return self._client, self._form
            client = connected(self._url)
            try:
                image = str(client.inspect_image(self._image)["Id"])
                self._version = str(client.version()["Version"])
            except ImageNotFound as error:
                raise self._no_image() from error
            except FAULTS as error:
                raise UnavailableError(f"docker does not answer: {error}") from error
            self._client, self._form = client, Form(image, self._runtime, seccomp.filters())
        self._reaper = threading.Thread(target=self._reap_for_ever, name="sandbox-reaper", daemon=True)
        self._reaper.start()
        return self._client, self._form

    def _no_image(self) -> UnavailableError:
        return UnavailableError(
            f"the docker sandbox has no image {self._image}: build it with python3 deploy/sandbox/build.py"
        )

    def _reap_for_ever(self) -> None:
        while True:
            with contextlib.suppress(
                UnavailableError, *FAULTS
            ):  # docker is away for now: its guests cannot start either
                self.reap()
            if self._is_closed.wait(REAPS_EVERY):
                return
