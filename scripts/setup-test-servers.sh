#!/bin/sh
# Installs what tests talk to that is not ours into .prompts/test-servers: qdrant-client (its local mode answers as Qdrant), Qdrant's own engine, an MLflow server, and
# servers that speak S3 (moto) and Google Cloud Storage, the schemas of Kubernetes, and Grafana's own model of a dashboard. Nothing of it is needed to run the program; tests say by name which of them they lack.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
folder=$(pwd)/.prompts/test-servers
"$python" -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check 'qdrant-client==1.20.0' 'qdrant-edge-py==0.9.0' 'mlflow[auth]==3.17.2' 'moto[s3,server]==5.2.5' \
  'kubernetes-validate==1.37.0' 'grafana-foundation-sdk==1769699998!10.1.0'
"$folder/bin/python" -c 'import mlflow, moto, qdrant_client; print("qdrant-client, mlflow and moto are in .prompts/test-servers")'
if command -v go >/dev/null 2>&1; then
  GOBIN="$folder/bin" go install github.com/fsouza/fake-gcs-server@v1.56.1
  echo "fake-gcs-server is in .prompts/test-servers/bin"
else
  echo "Go is not installed: fake-gcs-server is left out, and so are the tests of buckets" >&2
fi
