"""180 requests a second and some more: ``locust --headless -u 40 -r 40 -t 20s --host http://127.0.0.1:8000``."""

from __future__ import annotations

import os
import random

from locust import HttpUser, constant_throughput, task

RNG = random.Random(3)
WARMER = float(os.environ.get("WARMER", "0"))
"""Degrees by which all readings are warmer: an input that drifted."""


class Sensor(HttpUser):
    """A sensor that sends five readings a second, mostly alike."""

    wait_time = constant_throughput(5)

    @task
    def send(self) -> None:
        """Send one reading; one in fifty is far off."""
        is_off = RNG.random() < 0.02
        self.client.post(
            "/predict",
            json={
                "series_id": f"sensor_{RNG.randrange(3)}",
                "temperature": RNG.choice([58.0, 60.0, 62.0]) + (30.0 if is_off else 0.0) + WARMER,
                "vibration": RNG.choice([1.8, 2.0, 2.2]) + (2.0 if is_off else 0.0),
                "load": RNG.choice([0.4, 0.5, 0.6]),
            },
        )
