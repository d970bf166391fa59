#!/bin/sh
# Installs the serving engines whose argument parsers our snippets are held against, into .prompts/engines. Only tests use them; no device is needed.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3.12}
install() {
  "$python" -m venv ".prompts/engines/$1"
  ".prompts/engines/$1/bin/python" -m pip install --quiet --disable-pip-version-check --prefer-binary "$2"
}
install vllm 'vllm-tpu==0.32.0'
install sglang 'sglang-jax==0.0.2'
echo 'vLLM and sglang are in .prompts/engines'
