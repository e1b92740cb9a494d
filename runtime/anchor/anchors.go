package anchor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	typedv1 "k8s.io/client-go/kubernetes/typed/core/v1"
)

// ErrRolledBack: the database has an older state of the tenant than there was.
var ErrRolledBack = errors.New("the database has an older state of the tenant's index than it had before")

// Name is that of the ConfigMap.
const Name = "heads"

const (
	// interval is how far apart a replica's reads and writes are.
	interval = time.Minute
	timeout  = 5 * time.Second
	retry    = 2 * time.Second
	attempts = 5

	fieldManager = "bulkhead-runtime"
)

// Anchors are the newest heads that are known. They are safe for concurrent use.
type Anchors struct {
	configMaps typedv1.ConfigMapInterface
	log        *slog.Logger

	mu       sync.Mutex
	heads    map[uuid.UUID]Head
	anchored map[uuid.UUID]Head // what the ConfigMap has
	granted  map[uuid.UUID]bool // whose restore was granted
}

// New makes Anchors that know nothing before Begin.
func New(configMaps typedv1.ConfigMapInterface, log *slog.Logger) *Anchors {
	return &Anchors{configMaps: configMaps, log: log, heads: map[uuid.UUID]Head{}, granted: map[uuid.UUID]bool{}}
}

// Mark is the newest head that was known at a time, to hold what is read afterwards
// against: what is read later than it was marked can not be older.
type Mark struct {
	newest  Head
	known   bool
	granted int64
}

// Mark marks a tenant's newest head. granted is the incarnation that its Binding
// grants: a restore raises it.
func (a *Anchors) Mark(tenant uuid.UUID, granted int64) Mark {
	a.mu.Lock()
	defer a.mu.Unlock()
	newest, known := a.heads[tenant]
	return Mark{newest, known, granted}
}

// Check refuses a head that is older than the mark. Errors: ErrRolledBack.
func (m Mark) Check(h Head) error {
	order := h.compare(m.newest)
	if m.known && (order < 0 || order == 0 && h.Manifest != m.newest.Manifest || h.Incarnation > max(m.granted, m.newest.Incarnation)) {
		return fmt.Errorf("%w: generation %d.%d, known is %d.%d", ErrRolledBack, h.Incarnation, h.Generation, m.newest.Incarnation, m.newest.Generation)
	}
	return nil
}

// Note remembers a head that is committed and was checked.
func (a *Anchors) Note(tenant uuid.UUID, h Head) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.granted, tenant) // the database is not older than what is known
	a.raise(tenant, h)
}

// raise takes a head that is newer than what is known. The caller holds the lock.
func (a *Anchors) raise(tenant uuid.UUID, h Head) {
	if newest, known := a.heads[tenant]; !known || h.compare(newest) > 0 {
		a.heads[tenant] = h
	}
}

// Run reads and writes the anchors until the context ends, and once more then.
func (a *Anchors) Run(ctx context.Context) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			a.keep(ctx)
		case <-ctx.Done():
			a.keep(context.WithoutCancel(ctx))
			return
		}
	}
}

func (a *Anchors) keep(ctx context.Context) {
	if err := a.Save(ctx); err != nil {
		a.log.Error("heads not anchored", "error", err.Error())
	}
}

// Begin reads the anchors, as often as it takes. Errors: the context's.
func (a *Anchors) Begin(ctx context.Context) error {
	for {
		_, err := a.load(ctx)
		if err == nil {
			return nil
		}
		a.log.Error("anchored heads not read: nothing is served before", "error", err.Error())
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(retry):
		}
	}
}

// load takes over what other replicas anchored and returns the ConfigMap, nil when
// there is none.
func (a *Anchors) load(ctx context.Context) (*corev1.ConfigMap, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	object, err := a.configMaps.Get(ctx, Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read ConfigMap %s: %w", Name, err)
	}
	anchored := map[uuid.UUID]Head{}
	for id, text := range object.Data {
		tenant, err := uuid.Parse(id)
		if err != nil {
			return nil, fmt.Errorf("ConfigMap %s: tenant %q: %w; take out what is not a head: what the database has of the tenant is accepted then", Name, id, err)
		}
		if anchored[tenant], err = parse(text); err != nil {
			return nil, fmt.Errorf("ConfigMap %s: %w; take out what is not a head: what the database has of the tenant is accepted then", Name, err)
		}
	}
	a.take(anchored)
	return object, nil
}

// take takes over what the ConfigMap has. Replicas only ever raise a head there: one that
// is gone, or older than it was, was put back by a person, who granted a restore to the
// replicas that start from then on. This one knows what was before, and judges by it.
func (a *Anchors) take(anchored map[uuid.UUID]Head) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for tenant, before := range a.anchored {
		if now, there := anchored[tenant]; !there || now.compare(before) < 0 {
			a.granted[tenant] = true
		}
	}
	a.anchored = anchored
	for tenant, h := range anchored {
		a.raise(tenant, h)
	}
}

// Save reads what other replicas anchored, and writes what is newer than the ConfigMap
// has, if anything is.
func (a *Anchors) Save(ctx context.Context) (err error) {
	for range attempts {
		if err = a.save(ctx); !apierrors.IsConflict(err) && !apierrors.IsAlreadyExists(err) {
			return err
		}
		select { // another replica wrote
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(retry):
		}
	}
	return err
}

func (a *Anchors) save(ctx context.Context) error {
	object, err := a.load(ctx)
	if err != nil {
		return err
	}
	heads := a.due()
	if a.has(object, heads) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if object == nil {
		object = &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: Name}, Data: encode(heads)}
		_, err = a.configMaps.Create(ctx, object, metav1.CreateOptions{FieldManager: fieldManager})
	} else {
		object.Data = encode(heads)
		object.ManagedFields = []metav1.ManagedFieldsEntry{{}} // an entry a tenant costs more than the data
		_, err = a.configMaps.Update(ctx, object, metav1.UpdateOptions{FieldManager: fieldManager})
	}
	if err == nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.anchored = heads
	}
	return err
}

// has reports whether the ConfigMap, which was just read, has the heads that are due. One
// that is not there has none.
func (a *Anchors) has(object *corev1.ConfigMap, due map[uuid.UUID]Head) bool {
	if object == nil {
		return len(due) == 0
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return maps.Equal(due, a.anchored)
}

// due is what the ConfigMap should have: all that is known, but for the tenants whose
// restore was granted, of which it has what newer replicas know.
func (a *Anchors) due() map[uuid.UUID]Head {
	a.mu.Lock()
	defer a.mu.Unlock()
	due := maps.Clone(a.heads)
	for tenant := range a.granted {
		if h, there := a.anchored[tenant]; there {
			due[tenant] = h
		} else {
			delete(due, tenant)
		}
	}
	return due
}

func encode(heads map[uuid.UUID]Head) map[string]string {
	data := make(map[string]string, len(heads))
	for tenant, h := range heads {
		data[tenant.String()] = h.String()
	}
	return data
}
