package scale

import (
	"context"
	"errors"
	"time"
)

// maxReadyInRestart is how long a tenant may take that is made while no operator
// runs.
const maxReadyInRestart = 5 * time.Second

// restart counts what a new process does that finds everything in order.
func (b *bench) restart(ctx context.Context) error {
	if err := b.forget(ctx); err != nil {
		return err
	}
	if err := errors.Join(b.operator.stop(), b.operator.start()); err != nil {
		return err
	}
	if err := b.idle(ctx); err != nil {
		return err
	}
	operator, _, err := readAPI(b.apiLog)
	if err != nil {
		return err
	}
	toVault, _, err := readVault(b.vaultLog)
	if err != nil {
		return err
	}
	b.figures.printWithin("restart_writes", float64(operator.writes()), 0, "writes")
	say("writes about tenants %s, about cells %s; live reads %s; to Vault %s", operator.tenantWrites, operator.cellWrites, operator.reads, toVault)
	return nil
}

// restartWithTenant makes a tenant while no operator runs.
func (b *bench) restartWithTenant(ctx context.Context) error {
	if err := b.operator.stop(); err != nil {
		return err
	}
	began := time.Now()
	if err := b.user.create(ctx, "in-a-restart"); err != nil {
		return err
	}
	if err := b.operator.start(); err != nil {
		return err
	}
	at, err := b.user.await(ctx, "in-a-restart")
	if err != nil {
		return err
	}
	b.figures.printWithin("ready_during_restart", at.Sub(began).Seconds(), maxReadyInRestart.Seconds(), "s")
	return b.idle(ctx)
}
