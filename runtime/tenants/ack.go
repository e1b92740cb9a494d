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
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	applyv1 "k8s.io/client-go/applyconfigurations/core/v1"
	applymetav1 "k8s.io/client-go/applyconfigurations/meta/v1"
	typedv1 "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// Pod is this replica.
type Pod struct {
	Namespace, Name, UID string
}

const (
	ackWritesPerSecond = 2
	ackTimeout         = 5 * time.Second
	ackRetry           = time.Second
	fieldManager       = "bulkhead-runtime"
)

// Acks keeps the ConfigMap by which this replica tells the operator what is in
// effect. It is safe for concurrent use.
type Acks struct {
	configMaps typedv1.ConfigMapInterface
	pod        Pod
	log        *slog.Logger
	changed    chan struct{} // holds one token when there may be something to write

	mu      sync.Mutex
	acks    map[uuid.UUID]binding.Acknowledgement
	written map[string]string // what the ConfigMap holds, nil before the first write
}

// NewAcks makes Acks that Run writes.
func NewAcks(configMaps typedv1.ConfigMapInterface, pod Pod, log *slog.Logger) *Acks {
	return &Acks{
		configMaps: configMaps, pod: pod, log: log,
		changed: make(chan struct{}, 1), acks: map[uuid.UUID]binding.Acknowledgement{},
	}
}

// Set acknowledges a tenant.
func (a *Acks) Set(tenant uuid.UUID, ack binding.Acknowledgement) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.acks[tenant] = ack
	a.Wake()
}

// Remove forgets a tenant whose Binding is gone.
func (a *Acks) Remove(tenant uuid.UUID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.acks, tenant)
	a.Wake()
}

// Has reports whether the tenant was acknowledged.
func (a *Acks) Has(tenant uuid.UUID) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, ok := a.acks[tenant]
	return ok
}

// Current reports whether the ConfigMap holds what was acknowledged.
func (a *Acks) Current() bool {
	data, err := a.encode()
	a.mu.Lock()
	defer a.mu.Unlock()
	return err == nil && a.written != nil && maps.Equal(data, a.written)
}

// Wake makes Run look for something to write.
func (a *Acks) Wake() {
	select {
	case a.changed <- struct{}{}:
	default:
	}
}

// Run writes what changed until the context ends: the first change at once,
// then at most two writes a second, and nothing when nothing changed.
func (a *Acks) Run(ctx context.Context) {
	limit := rate.NewLimiter(ackWritesPerSecond, 1)
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.changed:
		}
		if a.Current() {
			continue
		}
		if limit.Wait(ctx) != nil {
			return
		}
		if err := a.write(ctx); err != nil {
			a.log.Error("acknowledgement not written", "error", err.Error())
			time.AfterFunc(ackRetry, a.Wake)
		}
	}
}

func (a *Acks) encode() (map[string]string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return binding.EncodeAcks(a.acks)
}

func (a *Acks) write(ctx context.Context) error {
	data, err := a.encode()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, ackTimeout)
	defer cancel()
	// The pod owns the ConfigMap, so that it goes when the pod goes.
	owner := applymetav1.OwnerReference().WithAPIVersion("v1").WithKind("Pod").WithName(a.pod.Name).WithUID(types.UID(a.pod.UID))
	object := applyv1.ConfigMap(binding.AckNamePrefix+a.pod.Name, a.pod.Namespace).
		WithLabels(map[string]string{binding.LabelKind: binding.KindAck}).
		WithOwnerReferences(owner).WithData(data)
	if _, err := a.configMaps.Apply(ctx, object, metav1.ApplyOptions{FieldManager: fieldManager, Force: true}); err != nil {
		return fmt.Errorf("apply %s: %w", *object.Name, err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.written = data
	return nil
}
