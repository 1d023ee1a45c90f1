"""A program of its own that writes the reference workload: generating it keeps a core busy.

    python -m tests.bench.load BOOTSTRAP TOPIC COUNT SENSORS

Prints one line of JSON: how many readings were written, and the transitions that the hand-written
scorer finds in them.
"""

from __future__ import annotations

import asyncio
import json
import sys

from shared.contracts.topics import READINGS
from tests.bench.log import Loader
from tests.bench.payload import reading
from tests.bench.reference import ReferenceScorer, generate, sensor_id, split


async def main(bootstrap: str, topic: str, count: int, sensors: int) -> None:
    """Write, score beside it, report."""
    scorer, written = ReferenceScorer(), 0
    keys = [sensor_id(number).encode() for number in range(sensors)]
    async with Loader(bootstrap, topic, READINGS.partitions) as loader:
        for sample in generate(count, sensors):
            scorer.add(sample)
            await loader.add(keys[sample.sensor], reading(sample))
            written += 1
    print(json.dumps({"readings": written, "transitions": split(scorer.transitions)}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
