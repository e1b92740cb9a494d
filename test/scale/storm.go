package scale

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
)

// maxReadyInStorm is how long a tenant may take while another is edited without
// end: it does not slow anybody, so this is what is fine on a quiet day.
const maxReadyInStorm = 2 * time.Second

// storm edits one tenant a hundred times a second and makes another meanwhile.
func (b *bench) storm(ctx context.Context) error {
	calm, err := b.user.timed(ctx, "calm")
	if err != nil {
		return err
	}
	editing, stop := context.WithCancel(ctx)
	defer stop()
	edits := make(chan int, 1)
	began := time.Now()
	go func() { edits <- b.edit(editing, tenantName(0)) }()
	if err := pause(ctx, 3*time.Second); err != nil {
		return err
	}
	troubled, err := b.user.timed(ctx, "in-a-storm")
	if err != nil {
		return err
	}
	stop()
	n := <-edits
	b.figures.print("ready_calm", calm.Seconds(), "s")
	b.figures.printWithin("ready_during_storm", troubled.Seconds(), maxReadyInStorm.Seconds(), "s")
	b.figures.print("storm_edits_per_second", float64(n)/time.Since(began).Seconds(), "edits")
	return b.settle(ctx)
}

// edit changes a tenant a hundred times a second, until the context ends, in a
// way that its Binding has to follow. It returns how often it could.
func (b *bench) edit(ctx context.Context, name string) (n int) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	t := &v1alpha1.Tenant{}
	t.Name = name
	for ; ; n++ {
		select {
		case <-ctx.Done():
			return n
		case <-tick.C:
		}
		level := []v1alpha1.Containment{v1alpha1.ContainmentReadOnly, v1alpha1.ContainmentNone}[n%2]
		patch := client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"spec":{"containment":%q}}`, level))
		if err := b.client.Patch(ctx, t, patch); err != nil && ctx.Err() == nil {
			b.fail(fmt.Errorf("edit %s: %w", name, err))
			return n
		}
	}
}
