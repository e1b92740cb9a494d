#!/usr/bin/env bash
# Measures the operator with thousands of tenants, against real servers that it builds first.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  cat <<'HELP'
Usage: hack/bench-operator.sh

  TENANTS=100,1000,10000   how many tenants to make, a case each, from nothing
  STEADY=10m               how long to watch an operator that has nothing to do
  PROFILE=DIR              keep profiles there: the CPU of all servers, the operator's heap

Prints a line that begins with BENCH for each figure, and exits non-zero when one is worse than it may be.
HELP
}
[ $# -eq 0 ] || { usage; exit 2; }

# The first time these compile for some minutes and say how far they are.
KUBEBUILDER_ASSETS=$(go -C hack run ./devcluster binaries envtest)
BULKHEAD_OPENBAO=$(go -C hack run ./devcluster binaries openbao)
export KUBEBUILDER_ASSETS BULKHEAD_OPENBAO
profile=${PROFILE:+$(realpath "$PROFILE")}
exec go test -tags bench -count=1 -timeout 6h -v ./test/scale -run '^TestOperator$' \
  -tenants "${TENANTS:-100,1000,10000}" -steady "${STEADY:-10m}" -profile "$profile"
