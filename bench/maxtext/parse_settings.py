"""Reads one JSON list of words a line and answers each with one JSON line: null where MaxText's parser takes them and, with a topology, its mesh is made; else the reason."""

import json
import os
import sys
import traceback
import unittest  # noqa: F401  MaxText then raises what is wrong with its settings instead of ending the process

os.environ.update(TPU_SKIP_MDS_QUERY="1", JAX_PLATFORMS="cpu", TPU_ACCELERATOR_TYPE="x", TPU_WORKER_HOSTNAMES="localhost", ALLOW_MULTIPLE_LIBTPU_LOAD="1")

from absl import logging  # noqa: E402

logging.set_verbosity(logging.FATAL)

from maxtext import configs  # noqa: E402
from maxtext.configs import pyconfig  # noqa: E402
from maxtext.trainers.pre_train import train_compile  # noqa: E402

BASE = os.path.join(next(iter(configs.__path__)), "base.yml")


def refusal(words: list[str]) -> str | None:
    try:
        config = pyconfig.initialize(["train_compile", BASE, *words])
        if config.compile_topology:
            train_compile.get_topology_mesh(config)
        return None
    except (Exception, SystemExit) as error:
        lines = traceback.format_exception_only(type(error), error)
        return " ".join("".join(lines).split())[:400]


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # MaxText prints on stdout
    for line in sys.stdin:
        answers.write(json.dumps(refusal(json.loads(line))) + "\n")
        answers.flush()


main()
