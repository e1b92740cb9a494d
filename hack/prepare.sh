#!/usr/bin/env bash
# Installs what the tests need of the machine, when it is missing: PostgreSQL by
# its package, without a database of its own, Node.js, Chromium and a C compiler by
# theirs, and by npm OpenAI's JavaScript client and what drives the browser. Everything
# else comes as Go modules.
set -euo pipefail
cd "$(dirname "$0")/.."

have_postgres() {
	command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null
}

# make_no_cluster keeps the package from making a database cluster and starting it.
# A machine that knows the package is left as it is.
make_no_cluster() {
	local conf=/etc/postgresql-common/createcluster.conf
	if [ -e "$conf" ] || dpkg-query -W postgresql-common >/dev/null 2>&1; then
		return
	fi
	mkdir -p "${conf%/*}"
	echo "create_main_cluster = false" >"$conf"
}

# install installs packages, of which the first argument says what they are.
install() {
	if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
		echo "$1 is needed; install it and try again" >&2
		exit 1
	fi
	echo "installing $1 (once)" >&2
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${@:2}" >&2
}

if ! have_postgres; then
	make_no_cluster
	install "PostgreSQL 15 or newer (its server programs)" postgresql
fi
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
	install "Node.js 20 or newer with npm" nodejs npm
fi
if [ ! -x "${CHROMIUM:-/usr/bin/chromium}" ]; then
	install "Chromium (CHROMIUM says where it is)" chromium
fi
if ! command -v "${CC:-gcc}" >/dev/null; then
	install "a C compiler, for Go's race detector" gcc libc6-dev
fi
for folder in test/clients test/web; do
	if ! cmp -s "$folder/package-lock.json" "$folder/node_modules/.installed"; then
		echo "installing the npm packages of $folder (once)" >&2
		npm --prefix "$folder" ci --no-audit --no-fund --ignore-scripts >&2
		cp "$folder/package-lock.json" "$folder/node_modules/.installed"
	fi
done
