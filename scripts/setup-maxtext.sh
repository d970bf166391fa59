#!/bin/sh
# Installs MaxText with the jax and libtpu it needs into .prompts/maxtext: the outside check of bench/maxtext, and what PROMPTS_MAXTEXT_COMMAND may name.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3.12}
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; then
  found=$("$python" --version 2>&1 || echo 'none')
  echo "MaxText needs Python 3.12 or later; found: $found. Set PYTHON to one, as in: PYTHON=python3.12 npm run setup:maxtext" >&2
  exit 1
fi
"$python" -m venv .prompts/maxtext
.prompts/maxtext/bin/python -m pip install --quiet --disable-pip-version-check -r bench/maxtext/requirements.txt
TPU_SKIP_MDS_QUERY=1 JAX_PLATFORMS=cpu .prompts/maxtext/bin/python -c 'import maxtext.trainers.pre_train.train_compile' >/dev/null 2>.prompts/maxtext/smoke.log || {
  echo "The packages are installed, but MaxText does not start; see .prompts/maxtext/smoke.log" >&2
  exit 1
}
echo "MaxText is in .prompts/maxtext and starts"
