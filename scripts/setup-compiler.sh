#!/bin/sh
# Installs the TPU compiler (jax, jaxlib and libtpu, pinned together) into .prompts/compiler, and compiles a small program to see that it works.
set -eu
cd "$(dirname "$0")/.."
# the newest jax wants Python 3.12; with 3.11 an older one is installed
if [ -z "${PYTHON:-}" ]; then
  PYTHON=python3
  for name in python3.13 python3.12; do
    if "$name" -c 'import ensurepip' 2>/dev/null; then PYTHON=$name; break; fi
  done
fi
python=$PYTHON
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  found=$("$python" --version 2>&1 || echo 'none')
  echo "The compiler needs Python 3.11 or later; found: $found. Set PYTHON to one, as in: PYTHON=python3.12 npm run setup:compiler" >&2
  exit 1
fi
"$python" -m venv .prompts/compiler
.prompts/compiler/bin/python -m pip install --quiet --disable-pip-version-check -r src/compiler/python/requirements.txt
if ! .prompts/compiler/bin/python src/compiler/python --calibrate v6e 2>.prompts/compiler/smoke.log >/dev/null; then
  echo "The packages are installed, but a small program does not compile; see .prompts/compiler/smoke.log" >&2
  exit 1
fi
echo "The TPU compiler is in .prompts/compiler and works"
