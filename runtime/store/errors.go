package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"
)

// Errors of the doors, to be found with errors.Is. They hold no tenant data.
var (
	// ErrFenced: the tenant may not be written here for now, because it moves.
	ErrFenced = errors.New("tenant is fenced")
	// ErrUnprovisioned: the database has no rows of this tenant yet.
	ErrUnprovisioned = errors.New("tenant is not provisioned")
	// ErrBusy: no connection became free in time; asking again later may help.
	ErrBusy = errors.New("database is busy")
	// ErrUnavailable: the database can not be reached, refuses the login, ended the
	// connection, or did not answer in time.
	ErrUnavailable = errors.New("database is unavailable")
	// ErrUnproven: the database does not enforce what the runtime relies on.
	ErrUnproven = errors.New("database does not separate tenants as this version requires")
)

// SQLSTATEs that the schema's functions raise.
const (
	stateFenced        = "TB001"
	stateUnprovisioned = "TB003"
)

// classify adds one of the errors above to what pgx returned, unless the caller
// no longer wanted the answer. A server's message is dropped but for its code:
// its detail may quote a row.
func classify(err error) error {
	var server *pgconn.PgError
	var connect *pgconn.ConnectError
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &connect): // whatever a server says before it lets us in
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	case errors.As(err, &server):
		return classifyState(server.Code)
	case errors.Is(err, context.DeadlineExceeded), isConnection(err):
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return err
}

func classifyState(code string) error {
	switch {
	case code == stateFenced:
		return ErrFenced
	case code == stateUnprovisioned:
		return ErrUnprovisioned
	case code[:2] == "57" || code[:2] == "53" || code[:2] == "08" || code == "25P03" || code == "55P03":
		// Operator intervention and cancelled statements, lack of resources,
		// lost connections, idle in transaction, lock not available.
		return fmt.Errorf("%w: SQLSTATE %s", ErrUnavailable, code)
	}
	return fmt.Errorf("database refused: SQLSTATE %s", code)
}

// isConnection reports whether there was no connection, or it was lost, in the middle of
// a statement too.
func isConnection(err error) bool {
	var connect *pgconn.ConnectError
	var network *net.OpError
	return errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, io.ErrUnexpectedEOF) ||
		pgconn.SafeToRetry(err) || pgconn.Timeout(err)
}

// unanswered reports whether the database could not be reached or was waited
// for in vain. A connection that was cut is neither: the next one may do. Nor is
// one that the caller gave up.
func unanswered(err error) bool {
	var connect *pgconn.ConnectError
	if errors.Is(err, context.Canceled) {
		return false
	}
	return errors.As(err, &connect) || errors.Is(err, context.DeadlineExceeded)
}

// verdict is why a database can not be used: whatever it answers to the proof
// but the facts that were asked for proves nothing.
func verdict(err error) error {
	err = classify(err)
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, ErrUnavailable) || errors.Is(err, ErrUnproven) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrUnproven, err)
}
