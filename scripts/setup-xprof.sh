#!/bin/sh
# Installs XProf, the profiler whose figures this project's are held against, into .prompts/xprof. Only tests and benchmarks use it.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
"$python" -m venv .prompts/xprof
.prompts/xprof/bin/python -m pip install --quiet --disable-pip-version-check 'xprof==2.24.2'
.prompts/xprof/bin/python -c 'import xprof; print("XProf is in .prompts/xprof")'
