"""run/endpoints.json: where everything of a running stack is, for people, the demo and tests."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from deploy.files import write_atomically
from deploy.local.ports import HOST


@dataclass(frozen=True)
class ServiceEndpoint:
    """One service process."""

    name: str
    """Unique: the service's name, with `-1`, `-2` ... for further slots."""
    service: str
    slot: int
    port: int
    log: str
    pid: int | None = None
    url: str = ""
    health_url: str = ""

    @staticmethod
    def at(service: str, slot: int, port: int, log: Path, pid: int | None) -> "ServiceEndpoint":
        """The endpoint of `service` in `slot`, listening on `port` of this machine."""
        url = f"http://{HOST}:{port}"
        name = process_name(service, slot)
        return ServiceEndpoint(name, service, slot, port, str(log), pid, url, f"{url}/readyz")


@dataclass(frozen=True)
class Endpoints:
    """Everything a client of the stack has to know; contains no password."""

    broker_name: str
    stand_in: bool
    kafka_bootstrap: str
    postgres_dsn: str
    services: list[ServiceEndpoint] = field(default_factory=list)
    ingest_url: str = ""
    console_url: str = ""
    supervisor_pid: int = 0
    kafka_pids: list[int | None] = field(default_factory=list)
    postgres_pid: int | None = None

    def dsn_for(self, role: str, password: str) -> str:
        """The database address with which `role` logs in."""
        place = urlsplit(self.postgres_dsn)
        login = f"{role}:{quote(password, safe='')}@{place.hostname}:{place.port}"
        return urlunsplit(place._replace(netloc=login))

    def save(self, path: Path) -> None:
        """Write the file in one step."""
        write_atomically(path, json.dumps(asdict(self), indent=1))

    @staticmethod
    def load(path: Path) -> "Endpoints":
        """Read the file. Raises FileNotFoundError when no stack was started there."""
        content = json.loads(path.read_text(encoding="utf-8"))
        services = [ServiceEndpoint(**item) for item in content.pop("services")]
        return Endpoints(**content, services=services)


def process_name(service: str, slot: int) -> str:
    """`alerting` for the first process of a service, `alerting-1` for the second."""
    return service if slot == 0 else f"{service}-{slot}"
