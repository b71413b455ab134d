"""Runs an exported module on observations, one JSON object a line."""

import json
import math
import sys

sys.path.insert(0, sys.argv[1])
import policy  # noqa: E402

for line in sys.stdin:
    chosen = policy.act(json.loads(line))
    print(json.dumps({name: "Infinity" if value == math.inf else value for name, value in chosen.items()}))
