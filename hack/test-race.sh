#!/usr/bin/env bash
# Runs the tests of what goroutines share under Go's race detector. It is written in C, for
# which prepare.sh installs a compiler.
set -euo pipefail
cd "$(dirname "$0")/.."

hack/prepare.sh
BULKHEAD_OPENBAO=$(go -C hack run ./devcluster binaries openbao)
export BULKHEAD_OPENBAO CGO_ENABLED=1

echo "testing for data races (some two minutes on two cores)" >&2
# The largest document is large, not shared: a minute under the detector.
go test -race -timeout 20m -skip TestLargestDocumentIsSealed "$@" ./cmd/kubectl-bulkhead/upload \
	./runtime/{anchor,audit,corpus,guard,model,outage,outgoing,probe,seal,server,store,tenants}
