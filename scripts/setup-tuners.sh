#!/bin/sh
# Installs google-vizier and Optuna into .prompts/tuners: the tuners of `prompts search`, and two of the rivals of `prompts bench`.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
  found=$("$python" --version 2>&1 || echo 'none')
  echo "The tuners need Python 3.10 or later; found: $found. Set PYTHON to one, as in: PYTHON=python3.12 npm run setup:tuners" >&2
  exit 1
fi
"$python" -m venv .prompts/tuners
.prompts/tuners/bin/python -m pip install --quiet --disable-pip-version-check -r src/tuners/python/requirements.txt
JAX_PLATFORMS=cpu .prompts/tuners/bin/python -c 'import optuna; from vizier._src.algorithms.designers import gp_bandit' 2>.prompts/tuners/smoke.log || {
  echo "The packages are installed, but a tuner does not start; see .prompts/tuners/smoke.log" >&2
  exit 1
}
echo "google-vizier and Optuna are in .prompts/tuners"
