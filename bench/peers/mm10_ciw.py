"""An M/M/10 queue in Ciw: prints customers per second of processor time and their mean response."""

import json
import sys
import time
from importlib.metadata import version

import ciw

ARRIVALS_PER_S = 900.0
SERVICES_PER_S = 100.0
SERVERS = 10


def main(customers: int, seed: int) -> None:
    ciw.seed(seed)
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(rate=ARRIVALS_PER_S)],
        service_distributions=[ciw.dists.Exponential(rate=SERVICES_PER_S)],
        number_of_servers=[SERVERS],
    )
    simulation = ciw.Simulation(network)
    start = time.process_time()
    simulation.simulate_until_max_time(customers / ARRIVALS_PER_S)
    elapsed = time.process_time() - start
    responses = [record.waiting_time + record.service_time for record in simulation.get_all_records()]
    print(
        json.dumps(
            {
                "name": f"ciw {version('ciw')}",
                "customersPerSecond": len(responses) / elapsed,
                "meanResponseS": sum(responses) / len(responses),
            }
        )
    )


main(int(sys.argv[1]), int(sys.argv[2]))
