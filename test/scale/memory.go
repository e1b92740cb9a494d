package scale

import "context"

// maxRSS is how much memory the operator may have, in MiB.
const maxRSS = 500

// memory prints the most that any process of the operator ever had in RAM.
func (b *bench) memory(ctx context.Context) error {
	peak, _, err := b.operator.usage()
	if err != nil {
		return err
	}
	b.figures.printWithin("rss", peak, maxRSS, "MiB")
	b.figures.print("rss_per_tenant", 1024*(peak-b.empty)/float64(b.n), "KiB")
	return b.heapProfile(ctx)
}
