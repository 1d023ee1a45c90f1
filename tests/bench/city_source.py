"""A program of its own that plays a city: so many readings a second from so many sensors.

    python -m tests.bench.city_source BOOTSTRAP SENSORS RATE SECONDS

Prints a line of JSON each second with what Kafka has taken. When it falls behind it sends more to
catch up; the rate that it reached is part of the result.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from shared.contracts.topics import READINGS
from tests.bench.crowd import reading
from tests.bench.log import Loader
from tests.bench.reference import sensor_id

SLOT_S = 0.1


async def main(bootstrap: str, sensors: int, rate: float, seconds: float) -> None:
    """Send at an even pace, then stop."""
    keys = [sensor_id(number).encode() for number in range(sensors)]
    async with Loader(bootstrap, READINGS.name, READINGS.partitions) as loader:
        for key in keys:
            loader.partition(key)
        began, sent, printed_at = time.monotonic(), 0, 0.0
        while (elapsed := time.monotonic() - began) < seconds:
            at_ms, due = int(time.time() * 1000), int(elapsed * rate)
            for index in range(sent, due):
                turn, number = divmod(index, sensors)
                await loader.add(keys[number], reading(number, turn, at_ms))
            sent = due
            await loader.flush()
            if elapsed - printed_at >= 1:
                printed_at = elapsed
                print(json.dumps({"sent": sent, "elapsed_s": elapsed}), flush=True)
            await asyncio.sleep(max(0.0, began + elapsed + SLOT_S - time.monotonic()))
        print(json.dumps({"sent": sent, "elapsed_s": time.monotonic() - began}), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])))
