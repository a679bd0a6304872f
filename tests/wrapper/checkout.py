"""A clone of this checkout with a toolbox as its whole PATH: what is on the machine is what a test puts there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

TOOLS = (
    "bash",
    "cat",
    "env",
    "find",
    "grep",
    "ls",
    "mkdir",
    "mv",
    "readlink",
    "rm",
    "rmdir",
    "sha256sum",
    "sleep",
    "tail",
    "touch",
)
HANDS = ("bwrap", "setpriv", "nsenter", "ip", "mkfs.ext4", "iptables", "postgres", "runsv", "supervisord", "git")

ECHO = 'import os, sys\nprint("ran", sys.argv[1:], os.getcwd(), sys.prefix)\n'

PRETEND = """#!{bash}
exec {python} -I -c 'import sys
{lie}
exec(sys.argv[1])' "$3"
"""


@dataclass(frozen=True)
class Checkout:
    """`root` is the clone, `tools` the only folder in PATH, `home` the user's."""

    root: Path
    tools: Path
    home: Path
    env: dict[str, str] = field(default_factory=dict)

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    @property
    def stamp(self) -> Path:
        return self.venv / "nightshift.stamp"

    def cached(self) -> list[Path]:
        """Environments below the user's cache."""
        return sorted((self.home / ".cache" / "nightshift").glob("venv-*"))

    def environment(self, extra: Mapping[str, str]) -> dict[str, str]:
        pip = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        return pip | {"PATH": str(self.tools), "HOME": str(self.home)} | self.env | dict(extra)

    def start(self, *words: str, cwd: Path | None = None, **env: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self.root / "nightshift", *words],
            cwd=cwd or self.root,
            env=self.environment(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
        process = self.start(*words, cwd=cwd, **env)
        out, err = process.communicate(timeout=300)
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def tool(self, name: str, script: str) -> None:
        """Puts a program into the toolbox."""
        (self.tools / name).unlink(missing_ok=True)
        (self.tools / name).write_text(f"#!{shutil.which('bash')}\n{script}\n")
        (self.tools / name).chmod(0o755)

    def without(self, *names: str) -> None:
        """Takes programs out of the toolbox."""
        for name in names:
            (self.tools / name).unlink()

    def pretend(self, lie: str) -> None:
        """Makes python3 a Python of which one more thing is true."""
        (self.tools / "python3").unlink()
        (self.tools / "python3").write_text(PRETEND.format(bash=shutil.which("bash"), python=sys.executable, lie=lie))
        (self.tools / "python3").chmod(0o755)

    def package_manager(self, name: str) -> None:
        """One that notes what it was told, and really brings bubblewrap."""
        bring = f"{{ echo >{self.tools}/bwrap; chmod +x {self.tools}/bwrap; }}"
        self.tool(name, f'echo "{name} $*" >>{self.home}/told\n[[ $* == *bubblewrap* ]] && {bring}\ntrue')
        self.tool("chmod", f'exec {shutil.which("chmod")} "$@"')
        self.tool("sudo", '[[ $1 == -n ]] && shift; exec "$@"')

    def told(self) -> list[str]:
        """What the package manager was told to do."""
        file = self.home / "told"
        return file.read_text().splitlines() if file.exists() else []


def clone(into: Path) -> Checkout:
    """A clone with today's wrapper, no packages to install, and a command line that only says what it was called with."""
    checkout = Checkout(into / "check out", into / "tools", into / "home")
    checkout.tools.mkdir()
    checkout.home.mkdir()
    subprocess.run(["git", "clone", "-q", "--shared", ROOT, checkout.root], check=True)
    shutil.copy(ROOT / "nightshift", checkout.root)
    for lock in ("requirements.lock", "requirements-test.lock"):
        (checkout.root / lock).write_text(f"# {lock}: nothing to install\n")
    (checkout.root / "bot" / "__main__.py").write_text(ECHO)
    (checkout.root / "pytest.py").write_text(ECHO)
    for name in TOOLS:
        (checkout.tools / name).symlink_to(shutil.which(name) or name)
    for name in HANDS:
        checkout.tool(name, "true")
    (checkout.tools / "python3").symlink_to(Path(sys.executable).resolve())
    return checkout
