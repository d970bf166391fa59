"""Runs the compile campaign: every case of cases.json through the compiler's program, resumably.

    python bench/compiler/run.py [--only TEXT] [--effort fast|full] [--from-end] [--list] [--check]

Appends one JSON line per case to bench/recorded/reference-program.jsonl and skips what is there under the same key: a hash of the request
and of the versions of those parts of the program that it uses. `--check` lowers every case without compiling.
Modules go to .prompts/compiled/<id>.hlo.pb.gz. Run it with the Python of .prompts/compiler.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PYTHON = ROOT / "src" / "compiler" / "python"
RESULTS = HERE.parent / "recorded" / "reference-program.jsonl"
MODULES = ROOT / ".prompts" / "compiled"
AXES = ("replica", "stage", "data", "seq", "model", "expert")
sys.path.insert(0, str(PYTHON))


def load_cases() -> list[dict[str, Any]]:
    """Every case in the order of the file: {id, workload, group, request}."""
    book = json.loads((HERE / "cases.json").read_text())
    cases, seen = [], set()
    for workload in book["workloads"]:
        for entry in workload["cases"]:
            changes = entry.get("run", {})
            changed = "".join(f".{name}={_value_name(value)}" for name, value in changes.items())
            case = {
                "id": _file_name(f"{workload['id']}.{_mesh_name(entry)}{changed}"),
                "workload": workload["id"],
                "group": workload["id"] + changed,  # same group, different mesh: a contrast
                "chip": workload["target"].split("-")[0],
                "model": workload["model"],
                "request": {
                    "target": {**book["targets"][workload["target"]], "num_slices": workload.get("slices", 1)},
                    "model": book["models"][workload["model"]],
                    "phase": workload["phase"],
                    "run": {**book["run_defaults"], **workload["run"], **changes},
                    "mesh": entry["mesh"],
                    "dcn": entry.get("dcn", {}),
                    "split_physical_axes": entry.get("split", False),
                },
            }
            if case["id"] in seen:
                raise SystemExit(f"cases.json lists {case['id']} twice")
            seen.add(case["id"])
            cases.append(case)
    return cases


def _mesh_name(entry: dict[str, Any]) -> str:
    dcn = "".join(f"dcn-{axis}{entry['dcn'][axis]}-" for axis in AXES if axis in entry.get("dcn", {}))
    return dcn + "-".join(f"{axis}{entry['mesh'][axis]}" for axis in AXES if axis in entry["mesh"])


def _value_name(value: Any) -> str:
    return "+".join(f"{name}={inner}" for name, inner in value.items()) if isinstance(value, dict) else str(value)


def _file_name(text: str) -> str:
    return "".join(character if character.isalnum() or character in "._=-" else "_" for character in text)


def key_of(case: dict[str, Any], effort: str) -> str:
    from reference_program.features import program_version
    from reference_program.request import parse_request

    request = {**case["request"], "effort": effort}
    return _hash(request, program_version(parse_request(request)))


def _hash(request: dict[str, Any], program: str) -> str:
    return hashlib.sha256((json.dumps(request, sort_keys=True) + program).encode()).hexdigest()[:16]


def finished_keys() -> set[str]:
    """Keys of the recorded lines, by what each was really compiled with; a crash counts under the key it was tried as."""
    if not RESULTS.exists():
        return set()
    keys = set()
    for line in RESULTS.read_text().splitlines():
        if line.strip():
            row = json.loads(line)
            response = row["response"]
            program = response.get("versions", {}).get("program")
            keys.add(_hash({**row["request"], "effort": response["effort"]}, program) if program else row["key"])
    return keys


def claim_file(case: dict[str, Any]) -> Path:
    return MODULES / f"{case['id']}.claim"


def claim(case: dict[str, Any]) -> bool:
    """Takes a case for this process; False where another living process has it."""
    MODULES.mkdir(parents=True, exist_ok=True)
    path = claim_file(case)
    if path.exists() and not Path(f"/proc/{path.read_text() or 0}").exists():
        path.unlink()
    try:
        with path.open("x") as file:
            file.write(str(os.getpid()))
    except FileExistsError:
        return False
    return True


def run_case(case: dict[str, Any], effort: str, timeout: float) -> dict[str, Any]:
    module = MODULES / f"{case['id']}.hlo.pb.gz"
    request = {**case["request"], "effort": effort, "hlo_path": str(module) if effort == "full" else None}
    try:
        process = subprocess.run(
            [sys.executable, str(PYTHON)], input=json.dumps(request), capture_output=True,
            text=True, timeout=timeout, check=False,
        )
        response = json.loads(process.stdout)
    except subprocess.TimeoutExpired:
        response = no_verdict(effort, f"no verdict within {timeout:.0f} s")
    except json.JSONDecodeError:
        response = no_verdict(effort, f"crashed: {process.stderr[-1500:]}")
    if response.get("hlo_path"):
        response["hlo_path"] = module.name
    return response


def no_verdict(effort: str, message: str) -> dict[str, Any]:
    """A response in the program's own form, for when it gave none."""
    return {"status": "error", "required_gib": None, "available_gib": None, "memory": None,
            "seconds": {"lower": None, "compile": None}, "versions": {}, "effort": effort,
            "message": message, "hlo_path": None}


def lower_all(cases: list[dict[str, Any]]) -> None:
    """Places and lowers each case without compiling: seconds, not minutes, to find a case that cannot work."""
    from reference_program.main import ENVIRONMENT

    os.environ.update(ENVIRONMENT)
    from reference_program.compile import lower
    from reference_program.request import parse_request

    for case in cases:
        try:
            _, shardings, seconds = lower(parse_request(case["request"]))
            print(f"ok {seconds:4.1f} s {case['id']} {'; '.join(shardings.notes)}", flush=True)
        except Exception as error:  # each failure is what this looks for
            print(f"REFUSED   {case['id']}: {type(error).__name__} {str(error)[:300]}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="cases whose id contains this text")
    parser.add_argument("--effort", choices=("fast", "full"), default="full")
    parser.add_argument("--timeout", type=float, default=600)
    parser.add_argument("--from-end", action="store_true", help="take cases from the end: for a second process")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    if options.check:
        return lower_all([case for case in load_cases() if options.only in case["id"]])
    if options.list:
        done = finished_keys()
        for case in load_cases():
            print("done" if key_of(case, options.effort) in done else "    ", case["id"])
        return None
    spent: list[float] = []
    order = -1 if options.from_end else 1
    while True:
        # the file is read anew before each case: cases may be added while the campaign runs
        cases = [case for case in load_cases()[::order] if options.only in case["id"]]
        done = finished_keys()
        todo = [case for case in cases if key_of(case, options.effort) not in done]
        case = next((case for case in todo if claim(case)), None)
        if case is None:
            return None
        key = key_of(case, options.effort)
        started = time.monotonic()
        response = run_case(case, options.effort, options.timeout)
        spent.append(time.monotonic() - started)
        with RESULTS.open("a") as file:
            file.write(json.dumps({"key": key, **case, "response": response}) + "\n")
        claim_file(case).unlink(missing_ok=True)
        left = (len(todo) - 1) * sum(spent) / len(spent)
        required, available = response.get("required_gib"), response.get("available_gib")
        print(f"{time.strftime('%H:%M:%S')} {response['status']:5} {required} of {available} GiB {spent[-1]:5.0f} s "
              f"{case['id']} {(response.get('message') or '')[:90]!r}; {len(todo) - 1} left, {left / 60:.0f} min", flush=True)


if __name__ == "__main__":
    main()
