"""An M/M/10 queue in SimPy: prints customers per second of processor time and their mean response."""

import json
import random
import sys
import time
from importlib.metadata import version

import simpy

ARRIVALS_PER_S = 900.0
SERVICES_PER_S = 100.0
SERVERS = 10


def main(customers: int, seed: int) -> None:
    random.seed(seed)
    env = simpy.Environment()
    servers = simpy.Resource(env, capacity=SERVERS)
    spent = 0.0

    def customer():
        nonlocal spent
        came = env.now
        with servers.request() as turn:
            yield turn
            yield env.timeout(random.expovariate(SERVICES_PER_S))
        spent += env.now - came

    def source():
        for _ in range(customers):
            yield env.timeout(random.expovariate(ARRIVALS_PER_S))
            env.process(customer())

    env.process(source())
    start = time.process_time()
    env.run()
    elapsed = time.process_time() - start
    print(
        json.dumps(
            {
                "name": f"simpy {version('simpy')}",
                "customersPerSecond": customers / elapsed,
                "meanResponseS": spent / customers,
            }
        )
    )


main(int(sys.argv[1]), int(sys.argv[2]))
