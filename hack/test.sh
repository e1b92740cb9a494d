#!/usr/bin/env bash
# Runs every test that needs no cluster, against real servers that it builds first.
set -euo pipefail
cd "$(dirname "$0")/.."

hack/prepare.sh
# The first time these compile for some minutes and say how far they are.
KUBEBUILDER_ASSETS=$(go -C hack run ./devcluster binaries envtest)
BULKHEAD_OPENBAO=$(go -C hack run ./devcluster binaries openbao)
export KUBEBUILDER_ASSETS BULKHEAD_OPENBAO

echo "testing the main module (about twenty minutes on two cores; the operator is killed at every call)" >&2
go test -timeout 2h "$@" ./...
echo "testing hack" >&2
go -C hack test ./...
