package isolation

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
)

// The most pods of a runtime or a database, and nodes besides those of the
// probes, that are tried.
const (
	mostPods  = 3
	mostNodes = 5
)

// survey is what the test works on.
type survey struct {
	cells      []*cell
	cellsInAll int
	nodes      []corev1.Node
	apiServer  []string // IP:port
}

// cell is a chosen cell.
type cell struct {
	name string
	// runtime is nil in a cell that has a database only.
	runtime  *appsv1.Deployment
	database bool
	// tenants that its runtime serves, and those whose keys are tried.
	tenants, sample []v1alpha1.Tenant
	// databases are the cells that hold the rows of its tenants.
	databases []string
	// runtimePods and databasePods are some that serve.
	runtimePods, databasePods []corev1.Pod
	// policies of its namespaces.
	policies []networkingv1.NetworkPolicy
}

// namespaces that the cell owns.
func (c *cell) namespaces() []string {
	var names []string
	if c.runtime != nil {
		names = append(names, desired.RuntimeNamespace(c.name))
	}
	if c.database {
		names = append(names, desired.DatabaseNamespace(c.name))
	}
	return names
}

// survey reads the cluster and chooses.
func (t *test) survey(ctx context.Context) (*survey, error) {
	var cells v1alpha1.CellList
	var tenants v1alpha1.TenantList
	for _, list := range []client.ObjectList{&cells, &tenants} {
		if err := t.client.List(ctx, list); err != nil {
			return nil, fmt.Errorf("%w; is Bulkhead installed in this cluster?", err)
		}
	}
	all := len(cells.Items)
	cells.Items = slices.DeleteFunc(cells.Items, outOfReach)
	named, err := t.named(cells.Items, tenants.Items)
	if err != nil {
		return nil, err
	}
	random := rand.New(rand.NewPCG(t.Seed, 0)) //nolint:gosec // a sample that can be repeated, no secret
	s := &survey{cellsInAll: all}
	for _, found := range choose(cells.Items, func(c v1alpha1.Cell) bool { return named[c.Name] }, t.MaxCells, random) {
		c, err := t.surveyCell(ctx, &found, tenants.Items)
		if err != nil {
			return nil, err
		}
		c.sample = choose(c.tenants, func(x v1alpha1.Tenant) bool { return slices.Contains(t.Tenants, x.Name) }, t.TenantsPerCell, random)
		s.cells = append(s.cells, c)
	}
	if s.nodes, err = t.surveyNodes(ctx, random); err != nil {
		return nil, err
	}
	s.apiServer, err = t.surveyAPIServer(ctx)
	return s, err
}

// named are the cells that must be among the tested.
func (t *test) named(cells []v1alpha1.Cell, tenants []v1alpha1.Tenant) (map[string]bool, error) {
	named := map[string]bool{}
	for _, name := range t.Cells {
		if !slices.ContainsFunc(cells, func(c v1alpha1.Cell) bool { return c.Name == name }) {
			return nil, fmt.Errorf("there is no Cell %q; `kubectl get cells` lists them", name)
		}
		named[name] = true
	}
	for _, name := range t.Tenants {
		i := slices.IndexFunc(tenants, func(x v1alpha1.Tenant) bool { return x.Name == name })
		if i < 0 || tenants[i].Status.Placement == nil || !hasKey(&tenants[i]) {
			return nil, fmt.Errorf("there is no Tenant %q that has its place and its key; `kubectl describe tenant %s` says why", name, name)
		}
		named[tenants[i].Status.Placement.Compute] = true
		named[tenants[i].Status.Placement.Database] = true
	}
	return named, nil
}

// outOfReach reports that a cell has no pods in this cluster: it is on another
// one, or it only keeps a deleted tenant's data.
func outOfReach(c v1alpha1.Cell) bool {
	return c.Spec.Cluster != nil || c.Spec.IsRetired()
}

func (t *test) surveyCell(ctx context.Context, found *v1alpha1.Cell, tenants []v1alpha1.Tenant) (*cell, error) {
	c := &cell{name: found.Name, database: found.Spec.Database != nil}
	if found.Spec.Runtime != nil {
		if err := t.surveyRuntime(ctx, c, tenants); err != nil {
			return nil, err
		}
	}
	if c.database {
		var err error
		c.databases = append(c.databases, c.name)
		labels := client.MatchingLabels{"cnpg.io/cluster": desired.DatabaseCluster}
		if c.databasePods, err = t.serving(ctx, desired.DatabaseNamespace(c.name), labels); err != nil {
			return nil, err
		}
	}
	for _, namespace := range c.namespaces() {
		var policies networkingv1.NetworkPolicyList
		if err := t.client.List(ctx, &policies, client.InNamespace(namespace)); err != nil {
			return nil, err
		}
		c.policies = append(c.policies, policies.Items...)
	}
	return c, nil
}

func (t *test) surveyRuntime(ctx context.Context, c *cell, tenants []v1alpha1.Tenant) (err error) {
	namespace := desired.RuntimeNamespace(c.name)
	for i := range tenants {
		if p := tenants[i].Status.Placement; p != nil && p.Compute == c.name {
			c.databases = append(c.databases, p.Database)
			if hasKey(&tenants[i]) {
				c.tenants = append(c.tenants, tenants[i])
			}
		}
	}
	if c.runtimePods, err = t.serving(ctx, namespace, client.MatchingLabels(desired.RuntimePod(c.name))); err != nil {
		return err
	}
	c.runtime = &appsv1.Deployment{}
	err = t.client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: desired.RuntimeDeployment}, c.runtime)
	if apierrors.IsNotFound(err) {
		return fmt.Errorf("the Cell %s has no runtime yet: wait until it is Ready (`kubectl describe cell %s`), or test others with --cell and --max-cells", c.name, c.name)
	}
	return err
}

func hasKey(t *v1alpha1.Tenant) bool {
	return meta.IsStatusConditionTrue(t.Status.Conditions, v1alpha1.ConditionKeyReady)
}

// serving are some pods that are Ready, and so no probes.
func (t *test) serving(ctx context.Context, namespace string, labels client.MatchingLabels) ([]corev1.Pod, error) {
	var pods corev1.PodList
	if err := t.client.List(ctx, &pods, client.InNamespace(namespace), labels); err != nil {
		return nil, err
	}
	ready := slices.DeleteFunc(pods.Items, func(p corev1.Pod) bool {
		return !slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool {
			return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
		})
	})
	return ready[:min(len(ready), mostPods)], nil
}

func (t *test) surveyNodes(ctx context.Context, random *rand.Rand) ([]corev1.Node, error) {
	var nodes corev1.NodeList
	err := t.client.List(ctx, &nodes)
	return choose(nodes.Items, nobody, mostNodes, random), err
}

// surveyAPIServer finds the addresses behind the Service default/kubernetes.
func (t *test) surveyAPIServer(ctx context.Context) ([]string, error) {
	var found discoveryv1.EndpointSliceList
	err := t.client.List(ctx, &found, client.InNamespace(metav1.NamespaceDefault), client.MatchingLabels{discoveryv1.LabelServiceName: "kubernetes"})
	var addresses []string
	for _, slice := range found.Items {
		for _, endpoint := range slice.Endpoints {
			for _, port := range slice.Ports {
				for _, ip := range endpoint.Addresses {
					addresses = append(addresses, at(ip, ptr.Deref(port.Port, 443)))
				}
			}
		}
	}
	slices.Sort(addresses)
	return slices.Compact(addresses), err
}

func at(ip string, port int32) string { return net.JoinHostPort(ip, strconv.Itoa(int(port))) }
