package scale

import "context"

// rest counts what an operator does that has nothing to do.
func (b *bench) rest(ctx context.Context) error {
	if err := b.forget(ctx); err != nil {
		return err
	}
	_, before, err := b.operator.usage()
	if err != nil {
		return err
	}
	if err := pause(ctx, b.steady); err != nil {
		return err
	}
	_, after, err := b.operator.usage()
	if err != nil {
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
	b.figures.printWithin("steady_writes", float64(operator.writes()), 0, "writes")
	b.figures.printWithin("steady_reads", float64(operator.reads.sum()), 0, "reads")
	b.figures.print("steady_window", b.steady.Seconds(), "s")
	b.figures.print("steady_vault_calls", float64(toVault.sum()), "calls")
	b.figures.print("steady_cpu", (after - before).Seconds(), "s")
	say("in %s: writes about tenants %s, about cells %s; live reads %s; watches begun anew %s; to Vault %s", b.steady,
		operator.tenantWrites, operator.cellWrites, operator.reads, operator.watches, toVault)
	return nil
}
