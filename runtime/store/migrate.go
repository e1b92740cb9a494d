package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

//go:embed migrations/*.sql
var migrations embed.FS

// goose keeps its versions in this table, which holds nothing of tenants.
const versionTable = binding.Schema + ".goose_db_version"

// Migrator says how to log in for migrations.
type Migrator struct {
	Config
	Username Secret
	Password Secret
}

// Migrate brings the schema to the version of this program, as the owner of
// the tables. It is idempotent, several may run at a time, and it waits up to
// five minutes for the database and its roles to exist.
func Migrate(ctx context.Context, m Migrator, log *slog.Logger) error {
	username, err := m.Username.read()
	if err != nil {
		return fmt.Errorf("migrator's name: %w", err)
	}
	session, err := m.session(username)
	if err != nil {
		return err
	}
	session.RuntimeParams = map[string]string{"application_name": "bulkhead-migrate", "search_path": binding.Schema}
	db := stdlib.OpenDB(*session,
		stdlib.OptionBeforeConnect(m.beforeConnect(m.Password)),
		stdlib.OptionAfterConnect(func(ctx context.Context, conn *pgx.Conn) error {
			_, err := conn.Exec(ctx, "set role "+binding.RoleOwner)
			return err
		}))
	defer db.Close()
	if err := await(ctx, log, startWait, "database and roles", func(ctx context.Context) error {
		return bootstrapped(ctx, db)
	}); err != nil {
		return err
	}
	return migrate(ctx, db, log)
}

func migrate(ctx context.Context, db *sql.DB, log *slog.Logger) error {
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return fmt.Errorf("migration lock: %w", err)
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files,
		goose.WithSessionLocker(locker), goose.WithTableName(versionTable), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	results, err := provider.Up(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	for _, r := range results {
		log.Info("migrated", "file", r.Source.Path, "elapsed", r.Duration.String())
	}
	log.Info("schema is current", "applied", len(results))
	return nil
}

// errRolesMissing: the server is up, its bootstrap is not through.
var errRolesMissing = errors.New("roles are missing")

func bootstrapped(ctx context.Context, db *sql.DB) error {
	const roles = 4
	var have int
	err := db.QueryRowContext(ctx, `select count(*) from pg_roles where rolname in ($1, $2, $3, $4)
		and exists (select from pg_namespace where nspname = $5)`,
		binding.RoleOwner, binding.RoleRW, binding.RoleLane, binding.RoleQueue, binding.Schema).Scan(&have)
	if err == nil && have < roles {
		err = fmt.Errorf("%w: %d of %d are there", errRolesMissing, have, roles)
	}
	return err
}

// notYet tells what a database in the making answers from what waiting does
// not mend.
func notYet(err error) bool {
	var server *pgconn.PgError
	if errors.As(err, &server) {
		switch server.Code {
		case "57P03", "57P01", "3D000", "28P01", "28000", "42704", "22023":
			// Starting up, shutting down; database, password or role not there yet.
			return true
		}
		return false
	}
	return errors.Is(err, errRolesMissing) || isConnection(err)
}
