"""Compiles recorded cases again: by another version of the compiler, or at fast effort beside full.

    PYTHON bench/compiler/again.py [--effort fast|full] ID …     compiles them with the compiler of PYTHON
    python bench/compiler/again.py                               the tables: versions at full effort, fast beside full

What was recorded stays as it is; the new verdicts go to bench/recorded/compiled-again.jsonl, each with its versions.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

from run import MODULES, RESULTS, run_case

AGAIN = RESULTS.parent / "compiled-again.jsonl"


def recorded() -> dict[str, dict[str, Any]]:
    rows = (json.loads(line) for line in RESULTS.read_text().splitlines() if line.strip())
    return {row["id"]: row for row in rows if row["response"]["effort"] == "full"}


def again() -> list[dict[str, Any]]:
    return [json.loads(line) for line in AGAIN.read_text().splitlines()] if AGAIN.exists() else []


def compile_again(ids: list[str], effort: str) -> None:
    MODULES.mkdir(parents=True, exist_ok=True)
    first = recorded()
    for name in ids:
        response = run_case(first[name], effort, 1800)
        kept = {key: response.get(key) for key in ("status", "required_gib", "available_gib", "effort", "versions", "seconds")}
        with AGAIN.open("a") as file:
            file.write(json.dumps({"id": name, **kept}) + "\n")
        print(name, effort, response["status"], response.get("required_gib"), (response.get("message") or "")[:160], flush=True)


def table() -> None:
    first = {name: row["response"] for name, row in recorded().items()}
    full = {row["id"]: row for row in again() if row["effort"] == "full"}
    print("| program | recorded by | | GiB | again by | | GiB | difference |\n|---|---|---|---|---|---|---|---|")
    for name, row in full.items():
        print(f"| {name} | {_by(first[name])} | {_cells(first[name])} | {_by(row)} | {_cells(row)} | {_off(row, first[name])} |")
    print("\n| program | by | full | GiB | fast | GiB | fast to full |\n|---|---|---|---|---|---|---|")
    for row in again():
        slow = full.get(row["id"])
        if row["effort"] == "fast" and slow is not None:
            print(f"| {row['id']} | {_by(row)} | {_cells(slow)} | {_cells(row)} | {_off(row, slow)} |")


def _by(row: dict[str, Any]) -> str:
    return f"jax {row['versions'].get('jax', '?')}, libtpu {row['versions'].get('libtpu', '?')}"


def _cells(row: dict[str, Any]) -> str:
    required = row.get("required_gib")
    return f"{row['status']} | {'' if required is None else f'{required:.2f}'}"


def _off(row: dict[str, Any], other: dict[str, Any]) -> str:
    if not row.get("required_gib") or not other.get("required_gib"):
        return ""
    return f"{100 * (row['required_gib'] / other['required_gib'] - 1):+.1f} %"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--effort", choices=("fast", "full"), default="full")
    parser.add_argument("ids", nargs="*")
    options = parser.parse_args()
    if options.ids:
        compile_again(options.ids, options.effort)
    else:
        table()


if __name__ == "__main__":
    main()
