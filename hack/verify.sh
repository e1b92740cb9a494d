#!/usr/bin/env bash
# Regenerates everything into a copy and fails on a difference; then lints.
set -euo pipefail
cd "$(dirname "$0")/.."

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
fail=0

echo "generated files" >&2
cp -r api config/crd/bases "$copy/"
make --no-print-directory generate manifests >/dev/null
diff -ru "$copy/api" api >&2 || { echo "api/ was not generated: commit what \`make generate\` makes" >&2; fail=1; }
diff -ru "$copy/bases" config/crd/bases >&2 || { echo "config/crd/bases was not generated: commit what \`make manifests\` makes" >&2; fail=1; }

echo "formatting" >&2
unformatted=$(gofmt -l $(git ls-files '*.go'))
[ -z "$unformatted" ] || { echo "run \`make fmt\`: $unformatted" >&2; fail=1; }

echo "modules" >&2
go mod verify >/dev/null
go mod tidy -diff
go vet ./...
go vet -tags e2e ./test/e2e/
go -C hack vet ./...

echo "lint (the linter compiles for some minutes the first time)" >&2
hack/lint/lint.sh || fail=1
exit $fail
