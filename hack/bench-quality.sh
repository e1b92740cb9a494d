#!/usr/bin/env bash
# Measures how well the engine ranks, on collections whose relevant documents people have judged.
set -euo pipefail

usage() {
  cat <<'HELP'
Usage: hack/bench-quality.sh

  BULKHEAD_DATA=DIR   folder that holds cranfield/ with cran.all.1400, cran.qry and cranqrel (default ../shared/data)
  DATASET=DIR         measure on this collection as well, in BEIR layout: corpus.jsonl, queries.jsonl, qrels/test.tsv
  DATASET_LANGUAGE=en what it is written in: en, de, fr, es, it, pt, nl, da, sv, no or fi

Prints a line that begins with BENCH for each figure, nDCG@10 of whole documents and of chunks, and exits non-zero
when one is worse than it may be or the Cranfield collection is not there.
HELP
}
case ${1-} in
  '') ;;
  -h | --help) usage; exit ;;
  *) usage >&2; exit 2 ;;
esac

from=$PWD
cd "$(dirname "$0")/.."
# absolute says where a path leads from where the caller is.
absolute() { (cd "$from" && realpath -m -- "$1"); }
data=${BULKHEAD_DATA:+$(absolute "$BULKHEAD_DATA")}
dataset=${DATASET:+$(absolute "$DATASET")}
exec go test -tags bench -count=1 -timeout 2h -v ./test/quality \
  -data "${data:-$(realpath -m ../shared/data)}" -dataset "$dataset" -language "${DATASET_LANGUAGE:-en}"
