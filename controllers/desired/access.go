package desired

import (
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	rbacv1ac "k8s.io/client-go/applyconfigurations/rbac/v1"
)

// ManagerAccess lets the operator into the cell's namespaces.
func ManagerAccess(in CellInput) ([]*unstructured.Unstructured, error) {
	var b build
	access := b.objects(managerAccess(in, RuntimeNamespace), managerAccess(in, DatabaseNamespace))
	return access, b.err()
}

// managerAccess lets the operator work inside a namespace of the cell: it has
// no rights over Secrets, pods or databases anywhere else.
func managerAccess(in CellInput, namespaceOf func(cell string) string) any {
	part, exists := PartRuntime, in.Cell.Spec.Runtime != nil
	namespace := namespaceOf(in.Cell.Name)
	if namespace == DatabaseNamespace(in.Cell.Name) {
		part, exists = PartDatabase, in.Cell.Spec.Database != nil
	}
	if !exists {
		return nil
	}
	return roleBinding(nameManager, namespace, ClusterRoleManager, in.Manager).WithLabels(labels(in.Cell.Name, part))
}

// runtimeAccess lets the runtime read Bindings and write acknowledgements.
func runtimeAccess(in CellInput) any {
	if in.Cell.Spec.Runtime == nil {
		return nil
	}
	namespace := RuntimeNamespace(in.Cell.Name)
	subject := ServiceAccount(namespace, RuntimeServiceAccount)
	return roleBinding(nameRuntime, namespace, ClusterRoleRuntime, subject).WithLabels(labels(in.Cell.Name, PartRuntime))
}

// ServiceAccount is the subject of a ServiceAccount.
func ServiceAccount(namespace, name string) rbacv1.Subject {
	return rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: namespace, Name: name}
}

func roleBinding(name, namespace, role string, subject rbacv1.Subject) *rbacv1ac.RoleBindingApplyConfiguration {
	return rbacv1ac.RoleBinding(name, namespace).
		WithRoleRef(rbacv1ac.RoleRef().WithAPIGroup(rbacv1.GroupName).WithKind("ClusterRole").WithName(role)).
		WithSubjects(subjectOf(subject))
}

func subjectOf(s rbacv1.Subject) *rbacv1ac.SubjectApplyConfiguration {
	out := rbacv1ac.Subject().WithKind(s.Kind).WithName(s.Name)
	if s.Kind == rbacv1.ServiceAccountKind {
		return out.WithNamespace(s.Namespace)
	}
	return out.WithAPIGroup(rbacv1.GroupName)
}
