package store

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// startWait bounds how long Open and Migrate wait for a database that is not
// there yet.
const startWait = 5 * time.Minute

// await repeats attempt while it fails because the database is not reachable
// or not bootstrapped yet, and tells of it.
func await(ctx context.Context, log *slog.Logger, limit time.Duration, what string, attempt func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for start := time.Now(); ; {
		err := attempt(ctx)
		if err == nil || !notYet(err) {
			return err
		}
		log.Info("waiting for "+what, "elapsed", time.Since(start).Round(time.Second).String(), "reason", err.Error())
		select {
		case <-ctx.Done():
			return fmt.Errorf("gave up waiting for %s: %w", what, err)
		case <-time.After(2 * time.Second):
		}
	}
}
