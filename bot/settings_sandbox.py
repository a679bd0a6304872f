"""What can be set of the sandbox: which engine holds skills, and where it is."""

from __future__ import annotations

import re
from typing import Literal, Self

from pydantic import Field, StrictStr, field_validator, model_validator

from bot.settings_table import Table

_PATH = re.compile(r"/[\w./-]{1,100}")
_IMAGE = re.compile(r"[a-z0-9][\w./:@-]{0,199}")
_RUNTIME = re.compile(r"([A-Za-z0-9][\w.-]{0,63})?")


class SandboxTable(Table):
    """[sandbox]: skills run in it or not at all."""

    engine: Literal["auto", "bubblewrap", "docker", "sidecar"] = Field(
        default="auto", description='"auto", "bubblewrap", "docker" or "sidecar"'
    )
    docker: StrictStr = Field(
        default="unix:///var/run/docker.sock", description='a unix socket, e.g. "unix:///var/run/docker.sock"'
    )
    image: StrictStr = Field(default="nightshift-sandbox", description='an image, e.g. "nightshift-sandbox"')
    runtime: StrictStr = Field(default="", description='a runtime that docker knows, e.g. "runsc"')
    socket: StrictStr = Field(
        default="/run/nightshift/sandbox.sock", description='a path, e.g. "/run/nightshift/sandbox.sock"'
    )

    @field_validator("docker")
    @classmethod
    def _is_a_unix_socket(cls, url: str) -> str:
        if not url.startswith("unix://") or not _PATH.fullmatch(url.removeprefix("unix://")):
            raise ValueError('is no unix socket; write e.g. "unix:///var/run/docker.sock"')
        return url

    @field_validator("image", "runtime", "socket")
    @classmethod
    def _is_a_name(cls, text: str) -> str:
        if not any(shape.fullmatch(text) for shape in (_IMAGE, _RUNTIME, _PATH)):
            raise ValueError("is no image, runtime or path; letters, digits and . _ / : @ - only")
        return text

    @model_validator(mode="after")
    def _runtime_is_of_docker(self) -> Self:
        if self.runtime and self.engine in ("bubblewrap", "sidecar"):
            raise ValueError(f'has a runtime, which {self.engine} does not take; write engine = "docker"')
        return self
