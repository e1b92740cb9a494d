package main

import (
	"log/slog"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

func migrate(log *slog.Logger) *cobra.Command {
	var m store.Migrator
	cmd := &cobra.Command{
		Use:   binding.CommandMigrate,
		Short: "Bring the database's schema up to date",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := required(cmd.Flags(), "database-host"); err != nil {
				return err
			}
			return store.Migrate(cmd.Context(), m, log)
		},
	}
	f := cmd.Flags()
	databaseFlags(f, &m.Config)
	f.StringVar(&m.Username.File, "username-file", binding.DirMigrator+"/"+binding.FileUsername, "name of the migrator")
	f.StringVar(&m.Password.File, "password-file", binding.DirMigrator+"/"+binding.FilePassword, "password of the migrator")
	return cmd
}

// databaseFlags are those of every command that connects.
func databaseFlags(f *pflag.FlagSet, c *store.Config) {
	f.StringVar(&c.Host, "database-host", os.Getenv(binding.EnvDatabaseHost), "host name as in the server's certificate")
	f.Uint16Var(&c.Port, "database-port", binding.DatabasePort, "port of the server")
	f.StringVar(&c.CA.File, "database-ca-file", binding.DirDatabaseCA+"/"+binding.FileCA, "CA of the server's certificate")
	f.BoolVar(&c.Plain, "database-plain", false, "connect without TLS, for a server on this machine only")
}
