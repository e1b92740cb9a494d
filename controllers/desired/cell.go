package desired

import (
	"errors"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/configuration"
)

// CellInput is every fact that a cell's objects are built from.
type CellInput struct {
	Cell   *v1alpha1.Cell
	Config configuration.Configuration
	// Manager is the operator's own identity in the cell's cluster.
	Manager rbacv1.Subject
	// Plans are every Plan that there is: shared pods may reach the model
	// endpoints of those for tiers with shared pods.
	Plans []v1alpha1.Plan
	// APIServer are the addresses at which pods reach the Kubernetes API.
	APIServer []Address
	// DatabaseUID is that of the database's CloudNativePG Cluster; empty until it was made.
	DatabaseUID string
	// DatabaseCA is the certificate of the database's authority, in PEM; empty
	// until CloudNativePG made it.
	DatabaseCA string
	// AppPassword and LanePassword are the passwords of the two login roles;
	// empty until they were generated.
	AppPassword, LanePassword string
	// TLS is whether the Secret TLSSecret holds a certificate.
	TLS bool
	// RuntimeImage is the image that the runtime may run: the configured one
	// once its migrations are done, else the one that runs. Empty: none yet.
	RuntimeImage string
}

// Address is an IP address and a TCP port.
type Address struct {
	IP   string
	Port int32
}

// CellSet is what a cell consists of, by the part that owns it.
type CellSet struct {
	// Namespaces come first: nothing else can exist without them.
	Namespaces []*unstructured.Unstructured
	// Access lets the operator and the runtime into the namespaces.
	Access []*unstructured.Unstructured
	// Bounds are the ResourceQuotas and LimitRanges. They come before every pod.
	Bounds []*unstructured.Unstructured
	// Walls are the NetworkPolicies.
	Walls    []*unstructured.Unstructured
	Database []*unstructured.Unstructured
	Backup   []*unstructured.Unstructured
	Schema   []*unstructured.Unstructured
	Runtime  []*unstructured.Unstructured
	// Refused are the address ranges of endpoints that stay closed, each named as
	// a field. Everything else is built.
	Refused []error
}

// All returns every object of the set.
func (s CellSet) All() []*unstructured.Unstructured {
	var all []*unstructured.Unstructured
	for _, part := range [][]*unstructured.Unstructured{s.Namespaces, s.Access, s.Bounds, s.Walls, s.Database, s.Backup, s.Schema, s.Runtime} {
		all = append(all, part...)
	}
	return all
}

// Cell builds the objects of a cell.
func Cell(in CellInput) (CellSet, error) {
	var b build
	set := CellSet{
		Namespaces: b.objects(runtimeNamespace(in), databaseNamespace(in)),
		Access:     b.objects(managerAccess(in, RuntimeNamespace), managerAccess(in, DatabaseNamespace), runtimeAccess(in)),
		Bounds:     b.objects(runtimeQuota(in), databaseQuota(in), runtimeDefaults(in), databaseDefaults(in)),
		Walls: slices.Concat(
			b.objects(runtimeDefaultDeny(in), databaseDefaultDeny(in), runtimeWall(in), databaseWall(in), migrationWall(in)),
			b.objects(endpointWalls(in)...), b.objects(planWalls(in)...)),
		Database: b.objects(databaseCluster(in)),
		Backup:   b.objects(backupSchedule(in)),
		Schema:   b.objects(migrationJob(in)),
		Runtime: b.objects(serviceAccount(in), databaseCA(in), vaultCA(in), databasePasswords(in),
			deployment(in), autoscaler(in), service(in), disruptionBudget(in)),
		Refused: refused(in),
	}
	return set, b.err()
}

// retired reports whether the cell only keeps its data.
func retired(in CellInput) bool { return in.Cell.Spec.IsRetired() }

// build collects the errors of turning typed objects into generic ones.
type build []error

// err is everything that went wrong, nil for nothing.
func (b *build) err() error { return errors.Join(*b...) }

// single builds the one object that somebody applies by itself.
func single(built any) (*unstructured.Unstructured, error) {
	var b build
	objects := b.objects(built)
	if err := b.err(); err != nil {
		return nil, err
	}
	return objects[0], nil
}

func (b *build) objects(built ...any) []*unstructured.Unstructured {
	var out []*unstructured.Unstructured
	for _, object := range built {
		if object == nil {
			continue
		}
		content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
		if err != nil {
			*b = append(*b, err)
			continue
		}
		out = append(out, &unstructured.Unstructured{Object: content})
	}
	return out
}
