#!/bin/sh
# Lints the compiler's Python and checks its types, against the libraries of .prompts/compiler where those are installed.
# The tools come into .prompts/python-checks at the versions of src/compiler/python/pyproject.toml.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
tools=.prompts/python-checks
libraries=.prompts/compiler/bin/python
folder=src/compiler/python
wanted=$(sed -n 's/^check = \[\(.*\)\]$/\1/p' "$folder/pyproject.toml" | tr -d '",')
if [ "$(cat "$tools/installed" 2>/dev/null)" != "$wanted" ]; then
  "$python" -m venv "$tools"
  # shellcheck disable=SC2086  # one word each
  "$tools/bin/python" -m pip install --quiet --disable-pip-version-check $wanted
  printf '%s\n' "$wanted" >"$tools/installed"
fi
"$tools/bin/ruff" check --no-cache --config "$folder/pyproject.toml" "$folder" bench/compiler
if [ -x "$libraries" ]; then
  "$tools/bin/mypy" --config-file "$folder/pyproject.toml" --cache-dir "$tools/types" --python-executable "$libraries" "$folder"
else
  echo "types: left out, npm run setup:compiler installs the libraries that they need" >&2
fi
