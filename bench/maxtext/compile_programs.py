"""Compiles MaxText programs ahead of time, one at a time, each in a fork of a process that has imported MaxText already.

A line of standard input is a program: `{"id": "…", "settings": ["name=value", …], "module": "FILE or null"}`; a line of standard output its
verdict. With `module`, the optimized HLO is written there as a gzipped proto, to be replayed, and beside it the compiler's buffer
assignment where jax gives it. A program that takes longer than its time, or more memory than it may, is stopped: status `unknown`.
"""

import argparse
import contextlib
import gzip
import importlib.util
import json
import os
import re
import resource
import signal
import sys
import time
import traceback
from importlib import metadata

GIB = 2**30
figures = (
    "peak_memory_in_bytes",
    "argument_size_in_bytes",
    "output_size_in_bytes",
    "alias_size_in_bytes",
    "temp_size_in_bytes",
    "generated_code_size_in_bytes",
    "host_argument_size_in_bytes",
    "host_temp_size_in_bytes",
)


def versions():
    return {name: metadata.version(name) for name in ("maxtext", "jax", "jaxlib", "libtpu")}


def memory_of(stats):
    """The compiler's figures in GiB. Its peak counts arguments on the host too; see src/compiler/maxtext/tell_peak.py."""
    found = {name.removesuffix("_in_bytes").removesuffix("_size"): getattr(stats, name, 0) / GIB for name in figures}
    peak = found["peak_memory"] - found["host_argument"]
    heap = peak - (found["argument"] - found["host_argument"])
    exact = found["host_temp"] == 0 or heap > 1.01 * found["host_temp"]
    if not exact:
        peak = found["argument"] - found["host_argument"] + min(heap, found["temp"])
    return {"required_gib": round(peak, 4), "exact": exact, "memory": {name: round(value, 4) for name, value in found.items()}}


def out_of_memory(text):
    used = re.search(r"Used ([\d.]+)([KMGT]) of ([\d.]+)([KMGT]) hbm", text) or re.search(
        r"\(([\d.]+)([KMGT])\) exceeds available HBM \(([\d.]+)([KMGT])\)", text
    )
    if used is None:
        return None, None
    scale = {"K": 2**-20, "M": 2**-10, "G": 1.0, "T": 1024.0}
    return float(used[1]) * scale[used[2]], float(used[3]) * scale[used[4]]


def verdict_of(error):
    """What an exception says: `oom` with the compiler's figures, `vmem` for a kernel beyond the scoped limit, else `error`."""
    message = re.sub(r"/[^\s\"']*/site-packages/", "", str(error))
    first = message.strip().splitlines()[0][:400] if message.strip() else type(error).__name__
    if re.search(r"scoped", message, re.I) and re.search(r"vmem", message, re.I):
        return {"status": "vmem", "message": first}
    if "RESOURCE_EXHAUSTED" in message or "CompileTimeHbmOom" in message:
        required, available = out_of_memory(message)
        kind = "host" if re.search(r"host memory|Host memory", message) else "hbm"
        return {"status": "oom", "required_gib": required, "available_gib": available, "space": kind, "message": first}
    return {"status": "error", "message": f"{type(error).__name__}: {first}"}


def compile_one(program, base, write):
    import jax
    from maxtext.trainers.pre_train import train_compile

    lowered_compile = jax.stages.Lowered.compile
    found = {}
    started = time.monotonic()

    def compile_and_tell(self, *args, **kwargs):
        found["trace_seconds"] = round(time.monotonic() - started, 1)
        compiled = lowered_compile(self, *args, **kwargs)
        told = memory_of(compiled.memory_analysis())
        if told["required_gib"] > found.get("required_gib", 0):
            found.update(told)
            if program.get("module"):
                keep_module(compiled, program["module"])
        return compiled

    jax.stages.Lowered.compile = compile_and_tell
    try:
        train_compile.main(["train_compile", base, *program["settings"]])
        result = {"status": "fits", **found} if "required_gib" in found else {"status": "unknown", "message": "nothing was compiled"}
    except BaseException as error:  # SystemExit too: MaxText ends so on bad settings
        traceback.print_exc()
        # what was judged stands, whatever printing it ran into
        result = {"status": "fits", **found} if "required_gib" in found else {**verdict_of(error), **found}
    write(result)


def keep_module(compiled, path):
    executable = compiled.runtime_executable()
    with gzip.open(path, "wb", 6) as file:
        file.write(executable.hlo_modules()[0].as_serialized_hlo_module_proto())
    stats = executable.get_compiled_memory_stats()
    buffers = getattr(stats, "serialized_buffer_assignment", None) or getattr(stats, "serialized_buffer_assignment_proto", None)
    if buffers:
        with gzip.open(path.replace(".hlo.pb.gz", ".buffers.pb.gz"), "wb", 6) as file:
            file.write(buffers)


def run(program, base, timeout, memory_gib):
    read_end, write_end = os.pipe()
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        os.close(read_end)
        log = os.open(program.get("log") or os.devnull, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(log, 1)
        os.dup2(log, 2)

        def write(result):
            with os.fdopen(write_end, "w") as pipe:
                json.dump(result, pipe)

        with contextlib.suppress(BaseException):
            compile_one(program, base, write)
        sys.stdout.flush()
        os._exit(0)
    os.close(write_end)
    reason = None
    status = usage = None
    while status is None:
        done, code, usage = os.wait4(child, os.WNOHANG)
        if done:
            status = code
            break
        if time.monotonic() - started > timeout:
            reason = f"stopped after {timeout} s"
        elif resident_gib(child) > memory_gib:
            reason = f"stopped: more than {memory_gib} GiB of memory"
        if reason:
            os.killpg(child, signal.SIGKILL)
            _, status, usage = os.wait4(child, 0)
            break
        time.sleep(0.5)
    with os.fdopen(read_end) as pipe:
        text = pipe.read()
    result = json.loads(text) if text and reason is None else {"status": "unknown", "message": reason or f"ended by itself ({status})"}
    result["seconds"] = round(time.monotonic() - started, 1)
    result["cpu_seconds"] = round(usage.ru_utime + usage.ru_stime, 1)
    return result


def resident_gib(pid):
    try:
        with open(f"/proc/{pid}/statm") as file:
            return int(file.read().split()[1]) * resource.getpagesize() / GIB
    except OSError:
        return 0.0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--timeout", type=float, default=2400)
    parser.add_argument("--memory-gib", type=float, default=10)
    options = parser.parse_args()
    base = os.path.join(os.path.dirname(importlib.util.find_spec("maxtext").origin), "configs", "base.yml")
    # imported once and then forked; no backend is started here
    import maxtext.trainers.pre_train.train_compile  # noqa: F401

    told = versions()
    print(json.dumps({"versions": told}), flush=True)
    for line in sys.stdin:
        program = json.loads(line)
        result = run(program, base, options.timeout, options.memory_gib)
        print(json.dumps({"id": program["id"], "versions": told, **result}), flush=True)


if __name__ == "__main__":
    main()
