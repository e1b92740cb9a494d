package controllers

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/component/tenant"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]

// watches says what wakes which reconciler.
type watches struct {
	hub              client.Reader // the cluster-wide cache
	placements       *tenant.Placements
	cellController   controller.Controller
	tenantController controller.Controller
	// answering tells both of a cluster that began or ceased to answer.
	answering [2]chan event.GenericEvent
}

func newWatches(hub client.Reader, placements *tenant.Placements) *watches {
	return &watches{hub: hub, placements: placements, answering: [2]chan event.GenericEvent{make(chan event.GenericEvent, 1), make(chan event.GenericEvent, 1)}}
}

func (w *watches) setup(mgr ctrl.Manager, r *Reconcilers) (err error) {
	w.cellController, err = ctrl.NewControllerManagedBy(mgr).Named("cell").
		For(&v1alpha1.Cell{}, builder.WithPredicates(predicate.Or(predicate.GenerationChangedPredicate{}, predicate.AnnotationChangedPredicate{}))).
		Watches(&v1alpha1.Cell{}, handler.Funcs{UpdateFunc: w.schemaMigrated}).
		Watches(&v1alpha1.Plan{}, handler.EnqueueRequestsFromMapFunc(w.sharedCells), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&corev1.Namespace{}, handler.EnqueueRequestsFromMapFunc(cellOfNamespace)).
		Watches(&discoveryv1.EndpointSlice{}, handler.EnqueueRequestsFromMapFunc(w.everyCell)).
		WatchesRawSource(source.Channel(w.answering[0], handler.EnqueueRequestsFromMapFunc(w.cellsElsewhere))).
		WithOptions(controllerOptions()).
		Build(r.Cell)
	if err != nil {
		return err
	}
	w.tenantController, err = ctrl.NewControllerManagedBy(mgr).Named("tenant").
		Watches(&v1alpha1.Tenant{}, handler.Funcs{CreateFunc: tenantCreated, UpdateFunc: tenantUpdated, DeleteFunc: w.tenantDeleted}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.Plan{}, handler.Funcs{CreateFunc: w.planCreated, UpdateFunc: w.planUpdated}).
		Watches(&v1alpha1.Cell{}, handler.Funcs{CreateFunc: w.cellCreated, UpdateFunc: w.cellUpdated, DeleteFunc: w.cellDeleted}).
		WatchesRawSource(source.Channel(w.answering[1], handler.EnqueueRequestsFromMapFunc(w.tenantsElsewhere))).
		WithOptions(controllerOptions()).
		Build(r.Tenant)
	if err != nil {
		return err
	}
	return ctrl.NewControllerManagedBy(mgr).Named("plan").
		For(&v1alpha1.Plan{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.Tenant{}, handler.Funcs{UpdateFunc: w.standingChanged, DeleteFunc: w.tenantGone}).
		WithOptions(controllerOptions()).
		Complete(r.Plan)
}

// opened adds the watch of one kind in one of our namespaces.
func (w *watches) opened(namespace string, c cache.Cache, kind client.Object) error {
	if w.cellController == nil {
		return nil // a test that calls Reconcile itself
	}
	for _, of := range w.ofTenants(namespace, kind) {
		if err := w.tenantController.Watch(source.Kind(c, kind, of)); err != nil {
			return err
		}
	}
	wake := handler.EnqueueRequestsFromMapFunc(w.cellsOfKubeconfig)
	if cellName, ok := cellOf(namespace); ok {
		wake = wakeCell(request(cellName))
	} else if namespace != desired.ClustersNamespace {
		return nil
	}
	return w.cellController.Watch(source.Kind(c, kind, wake, predicate.And(predicate.NewPredicateFuncs(partOfCell), predicate.Funcs{UpdateFunc: notOnlyUsage})))
}

// ofTenants are the handlers by which a kind in a namespace wakes tenants.
func (w *watches) ofTenants(namespace string, kind client.Object) []handler.EventHandler {
	cellName, _ := cellOf(namespace)
	switch kind.(type) {
	case *corev1.Secret:
		if namespace == desired.ModelsNamespace {
			return []handler.EventHandler{handler.EnqueueRequestsFromMapFunc(w.tenantsOfModelKey)}
		}
		handlers := []handler.EventHandler{handler.Funcs{UpdateFunc: w.labelledUpdated, DeleteFunc: w.labelledDeleted}}
		if id, ok := desired.OwnerOfCell(cellName); ok && namespace == desired.DatabaseNamespace(cellName) {
			handlers = append(handlers, w.tenantByID(id)) // the way into its database
		}
		return handlers
	case *networkingv1.NetworkPolicy, *gatewayv1.HTTPRoute:
		return []handler.EventHandler{handler.Funcs{UpdateFunc: w.labelledUpdated, DeleteFunc: w.labelledDeleted}}
	case *corev1.ConfigMap:
		return []handler.EventHandler{handler.Funcs{CreateFunc: w.acknowledged, UpdateFunc: w.acknowledgedMore}}
	}
	return nil
}

// connected adds what is watched in the whole of another cluster.
func (w *watches) connected(c cache.Cache) error {
	if w.cellController == nil {
		return nil // as above
	}
	return errors.Join(
		w.cellController.Watch(source.Kind(c, client.Object(&corev1.Namespace{}), handler.EnqueueRequestsFromMapFunc(cellOfNamespace))),
		w.cellController.Watch(source.Kind(c, client.Object(&discoveryv1.EndpointSlice{}), handler.EnqueueRequestsFromMapFunc(w.cellsElsewhere))))
}

// clusterChanged wakes what is in other clusters. One wake that waits is enough.
func (w *watches) clusterChanged(context.Context) {
	for _, answering := range w.answering {
		select {
		case answering <- event.GenericEvent{Object: &v1alpha1.Cell{}}:
		default:
		}
	}
}

// wakeCell wakes a cell at once for a part of it. A new Binding only counts, and
// the count is written every so often: a thousand of them wake it a few times.
func wakeCell(cell reconcile.Request) handler.EventHandler {
	wake := func(object client.Object, q queue) {
		if object.GetLabels()[binding.LabelKind] == binding.KindBinding {
			q.AddAfter(cell, loadInterval)
			return
		}
		q.Add(cell)
	}
	return handler.Funcs{
		CreateFunc: func(_ context.Context, e event.CreateEvent, q queue) { wake(e.Object, q) },
		UpdateFunc: func(_ context.Context, e event.UpdateEvent, q queue) { wake(e.ObjectNew, q) },
		DeleteFunc: func(_ context.Context, _ event.DeleteEvent, q queue) { q.Add(cell) },
	}
}

// partOfCell leaves out what changes without changing the cell: pods, their
// acknowledgements and the tenants' routes.
func partOfCell(object client.Object) bool {
	switch object.(type) {
	case *corev1.Pod, *gatewayv1.HTTPRoute:
		return false
	}
	kind := object.GetLabels()[binding.LabelKind]
	return kind != binding.KindAck
}

// notOnlyUsage leaves out that something was counted: a quota's use changes with
// every Binding.
func notOnlyUsage(e event.UpdateEvent) bool {
	before, ok1 := e.ObjectOld.(*corev1.ResourceQuota)
	after, ok2 := e.ObjectNew.(*corev1.ResourceQuota)
	return !ok1 || !ok2 || !equality.Semantic.DeepEqual(before.Spec, after.Spec) ||
		!maps.Equal(before.Labels, after.Labels) || !maps.Equal(before.Annotations, after.Annotations)
}

func request(name string) reconcile.Request {
	return reconcile.Request{NamespacedName: types.NamespacedName{Name: name}}
}

// cellOf reads the cell's name out of the name of one of its namespaces.
func cellOf(namespace string) (string, bool) {
	name, ok := strings.CutPrefix(namespace, desired.RuntimeNamespace(""))
	if !ok || slices.Contains([]string{desired.SystemNamespace, desired.CredentialsNamespace, desired.ClustersNamespace, desired.ModelsNamespace}, namespace) {
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
	return w.cells(ctx, func(*v1alpha1.Cell) bool { return true })
}

// sharedCells are those whose walls follow the Plans.
func (w *watches) sharedCells(ctx context.Context, _ client.Object) []reconcile.Request {
	return w.cells(ctx, func(c *v1alpha1.Cell) bool { return c.Spec.TenantID == "" })
}

func (w *watches) cellsElsewhere(ctx context.Context, _ client.Object) []reconcile.Request {
	return w.cells(ctx, func(c *v1alpha1.Cell) bool { return c.Spec.Cluster != nil })
}

func (w *watches) tenantsElsewhere(ctx context.Context, _ client.Object) []reconcile.Request {
	var tenants v1alpha1.TenantList
	if err := w.hub.List(ctx, &tenants, client.UnsafeDisableDeepCopy); err != nil {
		return nil // the cache cannot fail; a resync would repeat this
	}
	var requests []reconcile.Request
	for i := range tenants.Items {
		if tenants.Items[i].Spec.Cluster != nil {
			requests = append(requests, request(tenants.Items[i].Name))
		}
	}
	return requests
}

// tenantsOfModelKey are those whose models use the key in a Secret.
func (w *watches) tenantsOfModelKey(ctx context.Context, secret client.Object) []reconcile.Request {
	return w.tenantsBy(ctx, tenant.IndexModelKey, secret.GetName())
}

// cellsOfKubeconfig are those whose cluster a Secret, or Cluster API, describes.
func (w *watches) cellsOfKubeconfig(ctx context.Context, object client.Object) []reconcile.Request {
	w.clusterChanged(ctx) // their tenants, too
	return w.cells(ctx, func(c *v1alpha1.Cell) bool {
		ref := c.Spec.Cluster
		if ref == nil || ref.KubeconfigSecretRef == nil {
			return ref != nil && (object.GetName() == c.Name || object.GetName() == desired.ClusterAPIKubeconfig(c.Name))
		}
		return object.GetName() == ref.KubeconfigSecretRef.Name
	})
}

func (w *watches) cells(ctx context.Context, wanted func(*v1alpha1.Cell) bool) []reconcile.Request {
	var cells v1alpha1.CellList
	if err := w.hub.List(ctx, &cells, client.UnsafeDisableDeepCopy); err != nil {
		return nil // as above
	}
	var requests []reconcile.Request
	for i := range cells.Items {
		if wanted(&cells.Items[i]) {
			requests = append(requests, request(cells.Items[i].Name))
		}
	}
	return requests
}

// schemaMigrated wakes the cell whose runtime waits for another cell's database.
func (w *watches) schemaMigrated(_ context.Context, e event.UpdateEvent, q queue) {
	before, ok1 := e.ObjectOld.(*v1alpha1.Cell)
	after, ok2 := e.ObjectNew.(*v1alpha1.Cell)
	if ok1 && ok2 && after.Spec.ServedBy != "" && !equality.Semantic.DeepEqual(before.Status, after.Status) {
		q.Add(request(after.Spec.ServedBy))
	}
}

// coalescence is how long an edit of a tenant waits for the next one, so that
// who edits without end costs a few reconciles a second and not a worker.
const coalescence = 100 * time.Millisecond

// The order in which tenants that wait are seen to. A new process finds all of
// them, and most are in order: those come last, as handler.LowPriority has it.
const (
	priorityNew    = 0
	prioritySecond = 1 // what was begun ends before more is begun
)

// tenantCreated is also told of all tenants at start.
func tenantCreated(_ context.Context, e event.CreateEvent, q queue) {
	t, ok := e.Object.(*v1alpha1.Tenant)
	if ok && !meta.IsStatusConditionTrue(t.Status.Conditions, v1alpha1.ConditionReady) {
		addWithPriority(q, priorityNew, request(t.Name))
		return
	}
	q.Add(request(e.Object.GetName()))
}

func tenantUpdated(_ context.Context, e event.UpdateEvent, q queue) {
	q.AddAfter(request(e.ObjectNew.GetName()), coalescence)
}

// tenantDeleted gives back what the tenant held, however it went, before it wakes
// those who may have waited for that.
func (w *watches) tenantDeleted(ctx context.Context, e event.DeleteEvent, q queue) {
	w.placements.Release(e.Object.GetName())
	w.wakeWaiting(ctx, q)
	if t, ok := e.Object.(*v1alpha1.Tenant); ok && t.Spec.Cluster != nil {
		w.clusterFreed(ctx, q)
	}
}

// clusterFreed wakes the tenants of whom one may have waited for the cluster of another.
func (w *watches) clusterFreed(ctx context.Context, q queue) {
	w.enqueue(w.tenantsElsewhere(ctx, nil), q)
}

// wakeWaiting wakes the tenants that others were in the way of. Those that nobody
// has judged yet may be stalled a moment from now.
func (w *watches) wakeWaiting(ctx context.Context, q queue) {
	for _, reason := range []string{v1alpha1.ReasonIDInUse, v1alpha1.ReasonNoCapacity, tenant.Unjudged} {
		w.enqueue(w.tenantsBy(ctx, tenant.IndexUnplaced, reason), q)
	}
}

func addWithPriority(q queue, priority int, requests ...reconcile.Request) {
	if prioritised, ok := q.(priorityqueue.PriorityQueue[reconcile.Request]); ok {
		prioritised.AddWithOpts(priorityqueue.AddOpts{Priority: &priority}, requests...)
		return
	}
	for _, r := range requests {
		q.Add(r)
	}
}

func (w *watches) tenantByID(id string) handler.EventHandler {
	return handler.EnqueueRequestsFromMapFunc(func(ctx context.Context, _ client.Object) []reconcile.Request {
		return w.tenantsBy(ctx, tenant.IndexTenantID, id)
	})
}

func (w *watches) tenantsBy(ctx context.Context, index, value string) []reconcile.Request {
	return w.tenantsThat(ctx, index, value, func(*v1alpha1.Tenant) bool { return true })
}

func (w *watches) tenantsThat(ctx context.Context, index, value string, wanted func(*v1alpha1.Tenant) bool) []reconcile.Request {
	var tenants v1alpha1.TenantList
	if err := w.hub.List(ctx, &tenants, client.MatchingFields{index: value}, client.UnsafeDisableDeepCopy); err != nil {
		return nil // as above
	}
	var requests []reconcile.Request
	for i := range tenants.Items {
		if wanted(&tenants.Items[i]) {
			requests = append(requests, request(tenants.Items[i].Name))
		}
	}
	return requests
}

func (w *watches) enqueue(requests []reconcile.Request, q queue) {
	for _, r := range requests {
		q.Add(r)
	}
}

func (w *watches) cellCreated(ctx context.Context, e event.CreateEvent, q queue) {
	if c, ok := e.Object.(*v1alpha1.Cell); ok && c.Spec.TenantID == "" {
		w.enqueue(w.tenantsBy(ctx, tenant.IndexReady, "False"), q)
	}
}

// cellUpdated wakes the tenants that wait, and only when the cell can now give
// them more: a shared cell's own status never wakes those that it serves. What
// happens to a tenant's own cell, its tenant is told.
func (w *watches) cellUpdated(ctx context.Context, e event.UpdateEvent, q queue) {
	before, ok1 := e.ObjectOld.(*v1alpha1.Cell)
	after, ok2 := e.ObjectNew.(*v1alpha1.Cell)
	switch {
	case !ok1 || !ok2:
	case after.Spec.TenantID != "":
		if before.Generation != after.Generation || !equality.Semantic.DeepEqual(before.Status.Conditions, after.Status.Conditions) {
			w.enqueue(w.tenantsBy(ctx, tenant.IndexTenantID, after.Spec.TenantID), q)
		}
		if before.Status.ClusterUID != "" && before.Status.ClusterUID != after.Status.ClusterUID {
			w.clusterFreed(ctx, q)
		}
	case offersMore(before, after):
		w.enqueue(w.tenantsBy(ctx, tenant.IndexReady, "False"), q)
	}
}

func (w *watches) cellDeleted(ctx context.Context, e event.DeleteEvent, q queue) {
	if c, ok := e.Object.(*v1alpha1.Cell); ok && c.Spec.TenantID != "" {
		w.enqueue(w.tenantsBy(ctx, tenant.IndexTenantID, c.Spec.TenantID), q)
		if name := c.Labels[desired.LabelTenant]; name != "" {
			q.Add(request(name)) // its name is free
		}
		w.wakeWaiting(ctx, q)
		if c.Spec.Cluster != nil {
			w.clusterFreed(ctx, q)
		}
	}
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

// labelledUpdated takes back changes by others of what carries a tenant's id: a
// Binding, a credential, a route, the way to its database.
func (w *watches) labelledUpdated(ctx context.Context, e event.UpdateEvent, q queue) {
	for _, object := range []client.Object{e.ObjectOld, e.ObjectNew} { // the label may be what was changed
		w.enqueue(w.tenantsBy(ctx, tenant.IndexTenantID, object.GetLabels()[binding.LabelTenantID]), q)
	}
}

func (w *watches) labelledDeleted(ctx context.Context, e event.DeleteEvent, q queue) {
	w.enqueue(w.tenantsBy(ctx, tenant.IndexTenantID, e.Object.GetLabels()[binding.LabelTenantID]), q)
}

// acknowledged is also told of what there is when a namespace is opened, which is
// before anybody reads it: it is no news, and with thousands of tenants would hold
// up those that wait for some.
func (w *watches) acknowledged(ctx context.Context, e event.CreateEvent, q queue) {
	if !e.IsInInitialList {
		w.wakeAcknowledged(ctx, nil, e.Object, q)
	}
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
			addWithPriority(q, prioritySecond, w.tenantsBy(ctx, tenant.IndexTenantID, id)...)
		}
	}
}
