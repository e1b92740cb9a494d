#!/usr/bin/env bash
# Measures the query engine: a real runtime over HTTP, with a PostgreSQL that loses nothing and a real OpenBao.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  cat <<'HELP'
Usage: hack/bench-engine.sh

  SIZES=10k,100k,1m   chunks of the tenants that are searched
  RUN=.               which tests, as go test -run: TestRetrieve, TestThroughput, TestIngest

Prints a line that begins with BENCH for each figure, and exits non-zero when one is worse than it may be.
HELP
}
[ $# -eq 0 ] || { usage; exit 2; }

# The first time this compiles for some minutes and says how far it is.
BULKHEAD_OPENBAO=$(go -C hack run ./devcluster binaries openbao)
export BULKHEAD_OPENBAO
run=${RUN:-^Test(Retrieve|Throughput|Ingest)$}
exec go test -tags bench -count=1 -timeout 6h -v ./runtime/replica -run "$run" -args -sizes "${SIZES:-10k,100k,1m}"
