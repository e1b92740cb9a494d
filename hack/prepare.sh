#!/usr/bin/env bash
# Installs what the tests need of the machine, when it is missing: PostgreSQL by
# its package. Everything else comes as Go modules.
set -euo pipefail

have_postgres() {
	command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null
}

if ! have_postgres; then
	if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
		echo "PostgreSQL 15 or newer is needed (its server programs); install it and try again" >&2
		exit 1
	fi
	echo "installing PostgreSQL (once)" >&2
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >&2
fi
