package tenants

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/time/rate"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	typedv1 "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// Pod is this replica.
type Pod struct {
	Namespace, Name, UID string
}

const (
	ackWritesPerSecond = 2
	// A write costs everybody as much as there are tenants in it. So that a cell
	// which fills up does not keep the API server busy with acknowledgements, there
	// are fewer writes the more tenants there are, once ackBurst of them went out.
	ackEntriesPerSecond = 100
	ackBurst            = 8

	ackTimeout   = 5 * time.Second
	ackRetry     = time.Second
	fieldManager = "bulkhead-runtime"
)

// Acks keeps the ConfigMap by which this replica tells the operator what is in
// effect. It is safe for concurrent use.
type Acks struct {
	configMaps typedv1.ConfigMapInterface
	pod        Pod
	log        *slog.Logger
	changed    chan struct{} // holds one token when there may be something to write

	mu      sync.Mutex
	acks    map[string]string // by tenant id, as they are written
	written map[string]string // what the ConfigMap holds, nil before the first write
}

// NewAcks makes Acks that Run writes.
func NewAcks(configMaps typedv1.ConfigMapInterface, pod Pod, log *slog.Logger) *Acks {
	return &Acks{
		configMaps: configMaps, pod: pod, log: log,
		changed: make(chan struct{}, 1), acks: map[string]string{},
	}
}

// Set acknowledges a tenant.
func (a *Acks) Set(tenant uuid.UUID, ack binding.Acknowledgement) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.acks[tenant.String()] = binding.EncodeAck(ack)
	a.Wake()
}

// Remove forgets a tenant whose Binding is gone.
func (a *Acks) Remove(tenant uuid.UUID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.acks, tenant.String())
	a.Wake()
}

// Has reports whether the tenant was acknowledged.
func (a *Acks) Has(tenant uuid.UUID) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, ok := a.acks[tenant.String()]
	return ok
}

// Current reports whether the ConfigMap holds what was acknowledged.
func (a *Acks) Current() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.written != nil && maps.Equal(a.acks, a.written)
}

// Wake makes Run look for something to write.
func (a *Acks) Wake() {
	select {
	case a.changed <- struct{}{}:
	default:
	}
}

// Run writes what changed until the context ends: the first change at once,
// then at most two writes a second, in the long run fewer when there are many
// tenants, and nothing when nothing changed.
func (a *Acks) Run(ctx context.Context) {
	short, long := rate.NewLimiter(ackWritesPerSecond, 1), rate.NewLimiter(ackWritesPerSecond, ackBurst)
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.changed:
		}
		if a.Current() {
			continue
		}
		long.SetLimit(a.pace())
		if long.Wait(ctx) != nil || short.Wait(ctx) != nil {
			return
		}
		if err := a.write(ctx); err != nil {
			a.log.Error("acknowledgement not written", "error", err.Error())
			time.AfterFunc(ackRetry, a.Wake)
		}
	}
}

// pace is how many writes a second there may be in the long run.
func (a *Acks) pace() rate.Limit {
	a.mu.Lock()
	defer a.mu.Unlock()
	return min(ackWritesPerSecond, ackEntriesPerSecond/rate.Limit(max(len(a.acks), 1)))
}

func (a *Acks) data() map[string]string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return maps.Clone(a.acks)
}

func (a *Acks) write(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, ackTimeout)
	defer cancel()
	data := a.data()
	object := a.object(data)
	_, err := a.configMaps.Update(ctx, object, metav1.UpdateOptions{FieldManager: fieldManager})
	if apierrors.IsNotFound(err) {
		_, err = a.configMaps.Create(ctx, object, metav1.CreateOptions{FieldManager: fieldManager})
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", object.Name, err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.written = data
	return nil
}

// object is the whole ConfigMap: nobody else writes it. The API server's record of
// who owns which of its fields, an entry a tenant, is emptied with every write: for
// 500 tenants it costs the server five times what the rest of the write does.
func (a *Acks) object(data map[string]string) *corev1.ConfigMap {
	return &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{
			Namespace:     a.pod.Namespace,
			Name:          binding.AckNamePrefix + a.pod.Name,
			Labels:        map[string]string{binding.LabelKind: binding.KindAck},
			ManagedFields: []metav1.ManagedFieldsEntry{{}},
			// It goes when the pod goes.
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "Pod", Name: a.pod.Name, UID: types.UID(a.pod.UID)}},
		},
		Data: data,
	}
}
