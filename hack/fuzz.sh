#!/usr/bin/env bash
# Fuzzes every target of the main module for some time each, one after the other.
# What a target fails on is kept in testdata/fuzz beside it, and is a test from then on.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  cat <<'HELP'
Usage: hack/fuzz.sh

  FUZZTIME=10s   of each target
  RUN=.          which targets, as a regular expression of package:name
HELP
}
[ $# -eq 0 ] || { usage; exit 2; }

failed=()
while IFS=: read -r file line; do
  package=./$(dirname "$file") name=${line#func }
  [[ "$package:$name" =~ ${RUN:-.} ]] || continue
  echo "fuzzing $package $name" >&2
  go test -run '^$' -fuzz "^$name\$" -fuzztime "${FUZZTIME:-10s}" "$package" || failed+=("$package $name")
done < <(git grep --untracked -o '^func Fuzz[A-Za-z0-9_]*' -- '*_test.go')
[ ${#failed[@]} -eq 0 ] || { printf 'failed: %s\n' "${failed[@]}" >&2; exit 1; }
