#!/usr/bin/env bash
# Regenerates everything in a copy and fails on a difference, then lints. It changes nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
fail=0

echo "generated files" >&2
cp -r Makefile go.mod go.sum go.tools.* api config "$copy/"
rm "$copy"/config/crd/bases/* # one that is not made again is no longer wanted
make --no-print-directory -C "$copy" generate manifests >/dev/null
for dir in api config/crd/bases; do
	diff -ru "$dir" "$copy/$dir" >&2 || { echo "$dir is not as generated: commit what \`make generate manifests\` makes" >&2; fail=1; }
done

echo "formatting" >&2
unformatted=$(gofmt -l $(git ls-files '*.go'))
[ -z "$unformatted" ] || { echo "run \`make fmt\`: $unformatted" >&2; fail=1; }

echo "modules" >&2
go mod verify >/dev/null
go mod tidy -diff
go vet ./...
go vet -tags e2e ./test/e2e/
go -C hack vet ./...
go -C test/clients vet ./...

echo "lint (the linter compiles for some minutes the first time)" >&2
hack/lint/lint.sh || fail=1
exit $fail
