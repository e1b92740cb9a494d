#!/usr/bin/env bash
# Brings the development cluster up, installs the operator and runs the
# end-to-end tests, which bring up a second cluster. A cluster that did not run
# before is stopped at the end.
set -euo pipefail
cd "$(dirname "$0")/.."

state=${BULKHEAD_STATE:-$PWD/.devcluster}
export BULKHEAD_STATE=$state

stopped=()
stop() {
	local dir
	for dir in "${stopped[@]}"; do
		[ ! -d "$dir" ] || go -C hack run ./devcluster --state "$dir" down
	done
}

if [ "${USE_EXISTING_CLUSTER:-}" != true ]; then
	for dir in "$state-second" "$state"; do
		go -C hack run ./devcluster --state "$dir" status --running >/dev/null 2>&1 || stopped+=("$dir")
	done
	trap stop EXIT
	go -C hack run ./devcluster up
	export KUBECONFIG=$state/kubeconfig
	PATH=$(go -C hack run ./devcluster binaries envtest):$PATH
	export PATH
fi
go -C hack run ./deploy
go test -tags e2e -count=1 -timeout 40m ./test/e2e/ -v --ginkgo.no-color "$@"
