#!/usr/bin/env bash
# Builds the linter of go.mod, once a version, and runs it over the repository's Go modules.
set -euo pipefail

usage() {
  cat <<'HELP'
Usage: hack/lint/lint.sh [--fix] [--only MODULE] [-- PACKAGE...]

Lints the main module and hack as .golangci.yml says, and exits non-zero when there is a finding.

  --fix           repair what the linters can repair by themselves, formatting included
  --only MODULE   lint one module: "main" or "hack"
  -- PACKAGE...   lint these packages of the module, such as ./controllers/...; default ./...

The linter is kept in $BULKHEAD_CACHE, or bulkhead in the user's cache directory. Building it the
first time takes a few minutes.
HELP
}

fail() {
  echo "lint.sh: $*" >&2
  exit 2
}

fix=()
modules=(main hack)
packages=(./...)
while [ $# -gt 0 ]; do
  case $1 in
    --fix) fix=(--fix) ;;
    --only)
      case ${2-} in
        main | hack) modules=("$2") ;;
        *) fail '--only takes "main" or "hack"' ;;
      esac
      shift
      ;;
    -h | --help) usage; exit ;;
    --)
      shift
      packages=("$@")
      break
      ;;
    *)
      usage >&2
      fail "unknown argument $1"
      ;;
  esac
  shift
done
[ ${#packages[@]} -gt 0 ] || fail 'no package after --'

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$here/../.." && pwd)
cache=${BULKHEAD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/bulkhead}/lint
mkdir -p "$cache"

# What the linter remembers has absolute paths in it, so each checkout has a memory of its own.
GOLANGCI_LINT_CACHE=$cache/results-$(sha256sum <<<"$repo" | cut -c1-16)
export GOLANGCI_LINT_CACHE

# build prints the path of the linter. Its name says what it was made from.
build() {
  local key linter
  key=$(cat "$here/go.mod" "$here/go.sum" <(go env GOVERSION GOOS GOARCH) | sha256sum | cut -c1-16)
  linter=$cache/golangci-lint-$key
  if [ ! -x "$linter" ]; then
    echo "building the linter (a few minutes, the first time)" >&2
    nice go build -C "$here" -o "$linter.$$" sigs.k8s.io/kube-api-linter/cmd/golangci-lint-kube-api-linter
    mv "$linter.$$" "$linter"
  fi
  echo "$linter"
}

# lint runs in a module's directory.
lint() {
  echo "linting $1" >&2
  (cd "$2" && nice "$linter" run --config "$repo/.golangci.yml" "${fix[@]}" "${packages[@]}")
}

linter=$(build)
status=0
for module in "${modules[@]}"; do
  case $module in
    main) lint main "$repo" || status=1 ;;
    hack) lint hack "$repo/hack" || status=1 ;;
  esac
done
exit $status
