package store

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// Config says where the database is and how to log in.
type Config struct {
	Host  string // as in the server's certificate; with Plain also the directory of a Unix socket
	Port  uint16
	CA    Secret // PEM; the server's certificate must be verifiable with it
	Plain bool   // no TLS: for a database on this machine only

	AppPassword  Secret // of binding.RoleApp
	LanePassword Secret // of binding.RoleLane

	AppConns    int32         // connections for tenants' data
	LaneConns   int32         // connections for read audit
	TenantShare int32         // of AppConns, that one tenant may hold at a time
	Wait        time.Duration // for a free connection, before ErrBusy
}

// The session limits of every serving connection.
const (
	statementTimeout = 5 * time.Second
	lockTimeout      = 2 * time.Second
	idleTxTimeout    = 5 * time.Second
	connectTimeout   = 5 * time.Second
)

// session is the login of one role, without its password and TLS.
func (c Config) session(role string) (*pgx.ConnConfig, error) {
	cfg, err := pgx.ParseConfig("sslmode=disable")
	if err != nil {
		return nil, fmt.Errorf("connection settings: %w", err)
	}
	cfg.Host, cfg.Port, cfg.Fallbacks = c.Host, c.Port, nil
	cfg.Database, cfg.User = binding.DatabaseName, role
	cfg.ConnectTimeout = connectTimeout
	cfg.RuntimeParams = map[string]string{
		"application_name":                    "bulkhead-runtime",
		"search_path":                         binding.Schema,
		"statement_timeout":                   millis(statementTimeout),
		"lock_timeout":                        millis(lockTimeout),
		"idle_in_transaction_session_timeout": millis(idleTxTimeout),
	}
	return cfg, nil
}

// secure completes a login just before it is used, so that a rotated password
// or CA takes effect with the next connection.
func (c Config) secure(cfg *pgx.ConnConfig, password Secret) (err error) {
	if cfg.Password, err = password.read(); err != nil {
		return fmt.Errorf("database password: %w", err)
	}
	if c.Plain {
		return nil
	}
	pem, err := c.CA.read()
	if err != nil {
		return fmt.Errorf("database CA: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(pem)) {
		return errors.New("database CA: no certificate in " + c.CA.File)
	}
	cfg.TLSConfig = &tls.Config{RootCAs: roots, ServerName: c.Host, MinVersion: tls.VersionTLS12}
	return nil
}

func (c Config) beforeConnect(password Secret) func(context.Context, *pgx.ConnConfig) error {
	return func(_ context.Context, cfg *pgx.ConnConfig) error { return c.secure(cfg, password) }
}

func millis(d time.Duration) string { return fmt.Sprint(d.Milliseconds()) }
