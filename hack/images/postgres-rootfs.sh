# PostgreSQL 17 and pgvector from Debian 13, as a root file system in the tar file $1.
# CloudNativePG runs it as user 26 and finds the server by PATH.

export SOURCE_DATE_EPOCH=1767225600

# Installing the server package must neither make a cluster nor start one.
quiet='
  mkdir -p "$1/etc/postgresql-common"
  echo "create_main_cluster = false" > "$1/etc/postgresql-common/createcluster.conf"
  printf "#!/bin/sh\nexit 101\n" > "$1/usr/sbin/policy-rc.d"
  chmod 0755 "$1/usr/sbin/policy-rc.d"
'

renumber='
  was=$(chroot "$1" id -u postgres)
  chroot "$1" groupmod -g 26 postgres
  chroot "$1" usermod -u 26 -g 26 postgres
  chroot "$1" find / -xdev -user "$was" -exec chown -h 26:26 {} +
'

slim='
  rm -rf "$1"/usr/share/doc/* "$1"/usr/share/man/* "$1"/usr/share/locale/* \
         "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*
'

nice mmdebstrap --mode=root --variant=minbase --components=main \
  --include=postgresql-17,postgresql-17-pgvector,locales,ca-certificates \
  --aptopt='APT::Install-Recommends "false"' \
  --essential-hook="$quiet" \
  --customize-hook="$renumber" \
  --customize-hook="$slim" \
  trixie "$1"
