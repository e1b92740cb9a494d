#!/usr/bin/env bash
# Measures the query engine: a real runtime over HTTP, with a PostgreSQL that loses nothing and a real OpenBao.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  cat <<'HELP'
Usage: hack/bench-engine.sh

  SIZES=10k,100k,100k-384,1m,1m-384
                      chunks of the tenants that are searched, with the dimensions of
                      their embedding model if they have one; a million takes about
                      half an hour, 16 GiB of memory and 10 GiB of disk
  RUN=.               which tests, as go test -run: TestRetrieve, TestThroughput, TestIngest,
                      TestMerges, TestLarge, TestPeer
  DURATION=10m        of ingest and deletes in TestMerges
  PEER_SIZES=1k,10k,100k   chunks of the tenants that TestPeer asks
  LARGE_SIZES=10k,100k,1m  chunks of the indexes that TestLarge asks

TestPeer runs PostgreSQL 17 with pgvector, of Debian 13, in a root file system that
mmdebstrap makes and chroot enters: it needs root and Debian's package mirror.

Prints a line that begins with BENCH for each figure, and exits non-zero when one is worse than it may be.
HELP
}
[ $# -eq 0 ] || { usage; exit 2; }

# The first time this compiles for some minutes and says how far it is.
BULKHEAD_OPENBAO=$(go -C hack run ./devcluster binaries openbao)
export BULKHEAD_OPENBAO
run=${RUN:-^Test(Retrieve|Throughput|Ingest|Merges|Large|Peer)$}
failed=0
go test -tags bench -count=1 -timeout 6h -v ./runtime/replica -run "$run" -args \
  -sizes "${SIZES:-10k,100k,100k-384,1m,1m-384}" -duration "${DURATION:-10m}" || failed=1

names=$(go test -tags bench ./test/speed -list "$run")
if grep ^TestPeer >/dev/null <<<"$names"; then
  rootfs=$(go -C hack run ./devcluster binaries postgresql)
  BULKHEAD_PEER_ROOT=$(mktemp -d)
  export BULKHEAD_PEER_ROOT
  trap 'rm -rf "$BULKHEAD_PEER_ROOT"' EXIT
  tar -xf "$rootfs" -C "$BULKHEAD_PEER_ROOT"
  chmod 0755 "$BULKHEAD_PEER_ROOT"
fi
go test -tags bench -count=1 -timeout 1h -v ./test/speed -run "$run" -args \
  -sizes "${PEER_SIZES:-1k,10k,100k}" -large "${LARGE_SIZES:-10k,100k,1m}" || failed=1
exit "$failed"
