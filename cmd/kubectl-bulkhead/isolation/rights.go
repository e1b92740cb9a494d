package isolation

import (
	"context"
	"fmt"
	"slices"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
)

// VerifierRole is the ClusterRole that may run the test; config/rbac has it.
const VerifierRole = "bulkhead-isolation-verifier"

// Rights are all that the test needs. They are cluster-wide, since the foreign
// namespace has no name yet. Whoever has them can run pods as any ServiceAccount.
var Rights = []rbacv1.PolicyRule{
	rule(v1alpha1.GroupVersion.Group, "list", "cells", "tenants"),
	rule("", "get list create delete patch", "namespaces"),
	rule("", "patch", "namespaces/status"),
	rule("", "update", "namespaces/finalize"),
	rule("", "list", "nodes"),
	rule("", "get list create delete", "pods"),
	rule("", "get create", "pods/exec", "pods/portforward"),
	rule("", "create", "serviceaccounts/token"),
	rule("apps", "get", "deployments"),
	rule("networking.k8s.io", "list", "networkpolicies"),
	rule("discovery.k8s.io", "list", "endpointslices"),
}

func rule(group, verbs string, resources ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: resources, Verbs: strings.Fields(verbs)}
}

// ClusterRole grants the Rights.
func ClusterRole() *rbacv1.ClusterRole {
	return &rbacv1.ClusterRole{
		TypeMeta:   metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "ClusterRole"},
		ObjectMeta: metav1.ObjectMeta{Name: VerifierRole},
		Rules:      Rights,
	}
}

// authorize fails with everything that the caller lacks, before anything is made.
func (t *test) authorize(ctx context.Context) error {
	var lacking []string
	for _, rule := range Rights {
		for _, resource := range rule.Resources {
			for _, verb := range rule.Verbs {
				allowed, err := t.may(ctx, verb, rule.APIGroups[0], resource)
				if err != nil {
					return err
				}
				if !allowed {
					lacking = append(lacking, verb+" "+resource)
				}
			}
		}
	}
	if len(lacking) > 0 {
		return fmt.Errorf("you lack the right to %s in the whole cluster; the ClusterRole %s gives it, --dry-run prints that",
			strings.Join(slices.Compact(lacking), ", "), VerifierRole)
	}
	return nil
}

func (t *test) may(ctx context.Context, verb, group, resource string) (bool, error) {
	resource, subresource, _ := strings.Cut(resource, "/")
	review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
		ResourceAttributes: &authorizationv1.ResourceAttributes{Verb: verb, Group: group, Resource: resource, Subresource: subresource},
	}}
	err := t.client.Create(ctx, review)
	return review.Status.Allowed, err
}
