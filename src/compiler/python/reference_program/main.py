"""Compiles a reference transformer for one request: JSON on stdin, one JSON object on stdout.

`python src/compiler/python < request.json` gives a verdict. `python src/compiler/python --calibrate v5p` compiles a known matmul.
`python src/compiler/python --versions` prints the versions without compiling. Exit code 0 whenever an object was printed.
Library chatter goes to stderr. See ../README.md for the protocol.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from typing import Any

ENVIRONMENT = {
    # no TPU host is looked for, and several compiles may run beside each other
    "TPU_SKIP_MDS_QUERY": "1",
    "JAX_PLATFORMS": "cpu",
    "TPU_ACCELERATOR_TYPE": "x",
    "TPU_WORKER_HOSTNAMES": "localhost",
    "ALLOW_MULTIPLE_LIBTPU_LOAD": "1",
    "TPU_STDERR_LOG_LEVEL": "3",
    "TPU_MIN_LOG_LEVEL": "3",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}

def main() -> int:
    os.environ.update(ENVIRONMENT)
    with _stdout_for_the_answer_only() as answer:
        arguments = sys.argv[1:]
        if arguments[:1] == ["--versions"]:
            result: dict[str, Any] = versions()
        elif arguments[:1] == ["--calibrate"] and len(arguments) == 2:
            from .calibrate import calibrate

            result = {**calibrate(arguments[1]), "versions": versions()}
        else:
            result = answer_request(sys.stdin.read())
        answer.write(json.dumps(result) + "\n")
        answer.flush()
    return 0


def answer_request(text: str) -> dict[str, Any]:
    """The response to one request text; every failure is a response with status error."""
    from .errors import RequestError, UnsupportedError
    from .request import parse_request

    response: dict[str, Any] = {
        "status": "error", "required_gib": None, "available_gib": None, "memory": None,
        "seconds": {"lower": None, "compile": None}, "versions": versions(), "effort": None,
        "message": None, "hlo_path": None,
    }
    try:
        request = parse_request(json.loads(text))
        response.update(effort=request.effort, versions=versions(request))
        _compile(request, response)
    except UnsupportedError as error:
        response.update(status="unsupported", message=str(error))
    except (RequestError, json.JSONDecodeError) as error:
        response["message"] = str(error)
    except Exception as error:  # whatever the libraries raise is the answer, not a crash
        response["message"] = f"{type(error).__name__}: {str(error)[:2000]}"
    return response


def _compile(request: Any, response: dict[str, Any]) -> None:
    from .chips import available_gib
    from .compile import compile_lowered, lower, save_module
    from .flags import flags_note
    from .verdict import hbm_peak, memory_parts, out_of_memory

    lowered, shardings, response["seconds"]["lower"] = lower(request)
    response["available_gib"] = available_gib(request.target)
    refused: list[str] = []

    started = time.monotonic()
    try:
        executable = compile_lowered(lowered, request, refused)
    except Exception as error:
        response["seconds"]["compile"] = time.monotonic() - started
        figures = out_of_memory(str(error))
        if figures is None:
            raise
        required, available = figures
        response.update(status="oom", required_gib=round(required, 4), message="; ".join([*flags_note(refused, request.run), str(error)[:2000]]))
        response["available_gib"] = available or response["available_gib"]
        return
    response["seconds"]["compile"] = time.monotonic() - started
    analysis = executable.memory_analysis()
    memory = memory_parts(analysis)
    bound = [] if hbm_peak(analysis)[1] else ["at most: the compiler's peak is that of the host's buffers"]
    message = "; ".join([*bound, *flags_note(refused, request.run), *shardings.notes]) or None
    required = min(memory["peak_gib"], response["available_gib"] or memory["peak_gib"])
    response.update(status="fits", required_gib=required, memory=memory, message=message)
    if request.hlo_path:
        save_module(executable, request.hlo_path)
        response["hlo_path"] = request.hlo_path


def versions(request: Any = None) -> dict[str, str]:
    """Library versions, and those of the program's parts that a request uses (all without a request)."""
    from importlib.metadata import version

    from .features import program_version

    return {name: version(name) for name in ("jax", "jaxlib", "libtpu")} | {"program": program_version(request)}


@contextlib.contextmanager
def _stdout_for_the_answer_only() -> Any:
    """Points the process's stdout at stderr, also for native code, and yields a stream to the real one."""
    real = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    try:
        yield real
    finally:
        real.close()

