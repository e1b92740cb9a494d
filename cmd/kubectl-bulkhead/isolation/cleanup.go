package isolation

import (
	"context"
	"errors"
	"path"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/controllers/desired"
)

// removeLimit bounds the removal, which goes on when the test is interrupted.
const removeLimit = 30 * time.Second

// remove deletes what this test made.
func (t *test) remove(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeLimit)
	defer cancel()
	var errs []error
	for _, p := range t.probes {
		errs = append(errs, t.delete(ctx, p.pod))
	}
	if t.foreign != nil {
		errs = append(errs, t.delete(ctx, t.foreign))
	}
	if err := errors.Join(errs...); err != nil {
		t.say("could not remove everything: %v; `kubectl bulkhead verify isolation --cleanup` does", err)
	}
}

// delete ignores what was never made, or is gone.
func (t *test) delete(ctx context.Context, object client.Object) error {
	if object.GetUID() == "" {
		return nil
	}
	uid := object.GetUID()
	return client.IgnoreNotFound(t.client.Delete(ctx, object, client.Preconditions{UID: &uid}))
}

// removeLeftovers deletes what tests made that ended before a time and could not
// remove it themselves.
func (t *test) removeLeftovers(ctx context.Context, before time.Time) error {
	var namespaces corev1.NamespaceList
	if err := t.client.List(ctx, &namespaces, client.MatchingLabels{desired.LabelManagedBy: madeByUs}); err != nil {
		return err
	}
	var pods corev1.PodList
	if err := t.client.List(ctx, &pods, client.MatchingLabels{desired.LabelName: desired.RuntimePod("")[desired.LabelName]}); err != nil {
		return err
	}
	var errs []error
	for i := range pods.Items {
		errs = append(errs, t.deleteLeftover(ctx, &pods.Items[i], before))
	}
	for i := range namespaces.Items {
		errs = append(errs, t.deleteLeftover(ctx, &namespaces.Items[i], before))
	}
	return errors.Join(errs...)
}

func (t *test) deleteLeftover(ctx context.Context, object client.Object, before time.Time) error {
	until, err := time.Parse(time.RFC3339, object.GetAnnotations()[annotationUntil])
	if err != nil || until.After(before) || object.GetDeletionTimestamp() != nil {
		return nil //nolint:nilerr // what does not say so is not ours
	}
	t.say("removing %s of another test", path.Join(object.GetNamespace(), object.GetName()))
	return t.delete(ctx, object)
}

// Cleanup removes what tests made, of those that still run, too.
func Cleanup(ctx context.Context, o Options) error {
	t, err := newTest(o)
	if err != nil {
		return err
	}
	return t.removeLeftovers(ctx, time.Now().AddDate(1, 0, 0))
}
