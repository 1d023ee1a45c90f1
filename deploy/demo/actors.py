"""The places of the three strands and the officers who behave unusually."""

from dataclasses import dataclass

from deploy.example.officers import officer_id
from deploy.example.sensors import sensors_of
from shared.contracts.fields import Post

ZHUTUO = "500118118000"
"""Strand 1: orange over the whole town."""
GAS_TOWN = "500118116000"
"""Strand 2: 三教镇."""
GAS_VILLAGE = "500118116200"
QUIET_TOWN = "500118107000"
"""Strand 3: 松溉镇, where nobody answers until the city has been called."""
QUIET_VILLAGE = "500118107200"
DRILL_GAUGE = "gauge-cuntan"
"""The drill uses the gauge that is busiest in earnest: if the two mix anywhere, then here."""
DRILL_ROOT = ZHUTUO
RETURNING_VILLAGE = "500118118203"
"""Returns its assignment once, with a reason."""


@dataclass(frozen=True)
class Actors:
    """Sensors and officers with a part of their own."""

    creek: str
    detectors: tuple[str, str]
    falls_silent: str
    comes_back: str
    reporter: str
    never_answers: frozenset[str]
    """Officers who ignore every page about the quiet town until they are released."""

    @property
    def sensors(self) -> frozenset[str]:
        """Return the sensors that the scenario drives: no background reading may interfere."""
        return frozenset((self.creek, *self.detectors, self.falls_silent, self.comes_back))


def all_actors() -> Actors:
    """Return the actors, which are equal in every run."""
    first, second, *_ = sensors_of("gas_detector", GAS_VILLAGE)
    return Actors(
        creek=sensors_of("water_level", QUIET_VILLAGE)[0].sensor_id,
        detectors=(first.sensor_id, second.sensor_id),
        falls_silent=sensors_of("soil_moisture", QUIET_VILLAGE)[0].sensor_id,
        comes_back=sensors_of("thermometer", QUIET_VILLAGE)[0].sensor_id,
        reporter=officer_id(GAS_VILLAGE, "grid"),
        never_answers=frozenset(
            officer_id(unit, post) for unit in (QUIET_TOWN, QUIET_VILLAGE) for post in Post
        ),
    )
