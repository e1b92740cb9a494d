package controllers

import (
	"context"
	"maps"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/component/tenant"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]

// watches says what wakes which reconciler.
type watches struct {
	tenants          client.Reader
	cellController   controller.Controller
	tenantController controller.Controller
}

func (w *watches) setup(mgr ctrl.Manager, r *Reconcilers) (err error) {
	w.cellController, err = ctrl.NewControllerManagedBy(mgr).Named("cell").
		For(&v1alpha1.Cell{}, builder.WithPredicates(predicate.Or(predicate.GenerationChangedPredicate{}, predicate.AnnotationChangedPredicate{}))).
		Watches(&corev1.Namespace{}, handler.EnqueueRequestsFromMapFunc(cellOfNamespace)).
		Watches(&discoveryv1.EndpointSlice{}, handler.EnqueueRequestsFromMapFunc(w.everyCell)).
		WithOptions(controllerOptions()).
		Build(r.Cell)
	if err != nil {
		return err
	}
	w.tenantController, err = ctrl.NewControllerManagedBy(mgr).Named("tenant").
		For(&v1alpha1.Tenant{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.Plan{}, handler.EnqueueRequestsFromMapFunc(w.tenantsOfPlan), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.Cell{}, handler.Funcs{CreateFunc: w.cellCreated, UpdateFunc: w.cellUpdated}).
		WithOptions(controllerOptions()).
		Build(r.Tenant)
	return err
}

// opened adds the watch of one kind in one of our namespaces.
func (w *watches) opened(namespace string, c cache.Cache, kind client.Object) error {
	if w.cellController == nil {
		return nil // a test that calls Reconcile itself
	}
	switch kind.(type) {
	case *corev1.Secret:
		if err := w.tenantController.Watch(source.Kind(c, client.Object(&corev1.Secret{}), handler.Funcs{
			UpdateFunc: w.secretUpdated, DeleteFunc: w.secretDeleted,
		})); err != nil {
			return err
		}
	case *corev1.ConfigMap:
		if err := w.tenantController.Watch(source.Kind(c, client.Object(&corev1.ConfigMap{}), handler.Funcs{
			CreateFunc: w.acknowledged, UpdateFunc: w.acknowledgedMore,
		})); err != nil {
			return err
		}
	}
	cellName, ok := cellOf(namespace)
	if !ok {
		return nil
	}
	return w.cellController.Watch(source.Kind(c, kind,
		handler.EnqueueRequestsFromMapFunc(func(context.Context, client.Object) []reconcile.Request {
			return []reconcile.Request{request(cellName)}
		}),
		predicate.NewPredicateFuncs(partOfCell)))
}

// partOfCell leaves out what changes without changing the cell: pods and their
// acknowledgements. Bindings only count, which create and delete events tell.
func partOfCell(object client.Object) bool {
	if _, isPod := object.(*corev1.Pod); isPod {
		return false
	}
	kind := object.GetLabels()[binding.LabelKind]
	return kind != binding.KindAck
}

func request(name string) reconcile.Request {
	return reconcile.Request{NamespacedName: types.NamespacedName{Name: name}}
}

// cellOf reads the cell's name out of the name of one of its namespaces.
func cellOf(namespace string) (string, bool) {
	name, ok := strings.CutPrefix(namespace, desired.RuntimeNamespace(""))
	if !ok || namespace == desired.SystemNamespace || namespace == desired.CredentialsNamespace {
		return "", false
	}
	return strings.TrimSuffix(name, "-db"), true
}

func cellOfNamespace(_ context.Context, namespace client.Object) []reconcile.Request {
	if name, ok := cellOf(namespace.GetName()); ok {
		return []reconcile.Request{request(name)}
	}
	return nil
}

// everyCell is for what all walls depend on: the API server's addresses.
func (w *watches) everyCell(ctx context.Context, object client.Object) []reconcile.Request {
	if object.GetNamespace() != corev1.NamespaceDefault || object.GetLabels()[discoveryv1.LabelServiceName] != "kubernetes" {
		return nil
	}
	var cells v1alpha1.CellList
	if err := w.tenants.List(ctx, &cells); err != nil {
		return nil // the cache cannot fail; a resync would repeat this
	}
	var requests []reconcile.Request
	for i := range cells.Items {
		requests = append(requests, request(cells.Items[i].Name))
	}
	return requests
}

// tenantsOfPlan are those whom the plan serves, and those who may wait for it.
func (w *watches) tenantsOfPlan(ctx context.Context, plan client.Object) []reconcile.Request {
	return append(w.tenantsBy(ctx, tenant.IndexPlan, plan.GetName()), w.tenantsBy(ctx, tenant.IndexReady, "False")...)
}

func (w *watches) tenantsBy(ctx context.Context, index, value string) []reconcile.Request {
	var tenants v1alpha1.TenantList
	if err := w.tenants.List(ctx, &tenants, client.MatchingFields{index: value}, client.UnsafeDisableDeepCopy); err != nil {
		return nil // as above
	}
	var requests []reconcile.Request
	for i := range tenants.Items {
		requests = append(requests, request(tenants.Items[i].Name))
	}
	return requests
}

func (w *watches) enqueue(requests []reconcile.Request, q queue) {
	for _, r := range requests {
		q.Add(r)
	}
}

func (w *watches) cellCreated(ctx context.Context, _ event.CreateEvent, q queue) {
	w.enqueue(w.tenantsBy(ctx, tenant.IndexReady, "False"), q)
}

// cellUpdated wakes the tenants that wait, and only when the cell can now give
// them more: a cell's own status never wakes those that it serves.
func (w *watches) cellUpdated(ctx context.Context, e event.UpdateEvent, q queue) {
	before, ok1 := e.ObjectOld.(*v1alpha1.Cell)
	after, ok2 := e.ObjectNew.(*v1alpha1.Cell)
	if !ok1 || !ok2 || !offersMore(before, after) {
		return
	}
	w.enqueue(w.tenantsBy(ctx, tenant.IndexReady, "False"), q)
}

func offersMore(before, after *v1alpha1.Cell) bool {
	for _, condition := range []string{v1alpha1.ConditionReady, v1alpha1.ConditionDatabaseReady} {
		if meta.IsStatusConditionTrue(after.Status.Conditions, condition) && !meta.IsStatusConditionTrue(before.Status.Conditions, condition) {
			return true
		}
	}
	fewer := before.Status.Tenants != nil && after.Status.Tenants != nil && *after.Status.Tenants < *before.Status.Tenants
	return fewer || before.Generation != after.Generation || !maps.Equal(before.Labels, after.Labels)
}

// secretUpdated takes back changes of a Binding, or of a credential, by others.
func (w *watches) secretUpdated(ctx context.Context, e event.UpdateEvent, q queue) {
	w.enqueue(w.tenantsBy(ctx, tenant.IndexTenantID, e.ObjectNew.GetLabels()[binding.LabelTenantID]), q)
}

func (w *watches) secretDeleted(ctx context.Context, e event.DeleteEvent, q queue) {
	w.enqueue(w.tenantsBy(ctx, tenant.IndexTenantID, e.Object.GetLabels()[binding.LabelTenantID]), q)
}

func (w *watches) acknowledged(ctx context.Context, e event.CreateEvent, q queue) {
	w.wakeAcknowledged(ctx, nil, e.Object, q)
}

func (w *watches) acknowledgedMore(ctx context.Context, e event.UpdateEvent, q queue) {
	w.wakeAcknowledged(ctx, e.ObjectOld, e.ObjectNew, q)
}

// wakeAcknowledged wakes only the tenants of whom a replica says something new.
func (w *watches) wakeAcknowledged(ctx context.Context, before, after client.Object, q queue) {
	now, ok := after.(*corev1.ConfigMap)
	if !ok || now.Labels[binding.LabelKind] != binding.KindAck {
		return
	}
	var then map[string]string
	if old, ok := before.(*corev1.ConfigMap); ok {
		then = old.Data
	}
	for id, text := range now.Data {
		if then[id] != text {
			w.enqueue(w.tenantsBy(ctx, tenant.IndexTenantID, id), q)
		}
	}
}
