"""Loads a dashboard by Grafana's own model of one and prints as JSON what of the file that model does not know.

Usage: load-dashboard.py FILE
"""

import json
import sys

from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard


def unknown(given, known, path=""):
    if isinstance(given, dict):
        for key, value in given.items():
            at = f"{path}.{key}"
            if not isinstance(known, dict) or key not in known:
                yield at
            else:
                yield from unknown(value, known[key], at)
    elif isinstance(given, list):
        if not isinstance(known, list) or len(given) != len(known):
            yield path
            return
        for at, (one, other) in enumerate(zip(given, known)):
            yield from unknown(one, other, f"{path}[{at}]")
    elif given != known:
        yield path


plugins.register_default_plugins()
with open(sys.argv[1], encoding="utf-8") as file:
    given = json.load(file)
print(json.dumps(list(unknown(given, json.loads(JSONEncoder().encode(Dashboard.from_json(given)))))))
