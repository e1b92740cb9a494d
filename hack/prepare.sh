#!/usr/bin/env bash
# Installs what the tests need of the machine, when it is missing: PostgreSQL by
# its package, without a database of its own. Everything else comes as Go modules.
set -euo pipefail

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

if ! have_postgres; then
	if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
		echo "PostgreSQL 15 or newer is needed (its server programs); install it and try again" >&2
		exit 1
	fi
	echo "installing PostgreSQL (once)" >&2
	make_no_cluster
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >&2
fi
