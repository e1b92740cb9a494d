package clusters

import (
	"context"
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/controllers/desired"
)

// prefixAccount begins the user name of a ServiceAccount.
const prefixAccount = "system:serviceaccount:"

// whoAmI is the identity that a client has in its cluster.
func whoAmI(ctx context.Context, c client.Client) (rbacv1.Subject, error) {
	review := &authenticationv1.SelfSubjectReview{}
	if err := c.Create(ctx, review); err != nil {
		return rbacv1.Subject{}, err
	}
	name := review.Status.UserInfo.Username
	if account, ok := strings.CutPrefix(name, prefixAccount); ok {
		if namespace, account, ok := strings.Cut(account, ":"); ok {
			return desired.ServiceAccount(namespace, account), nil
		}
	}
	return rbacv1.Subject{Kind: rbacv1.UserKind, Name: name}, nil
}

// userName is the name by which a cluster knows an identity.
func userName(s rbacv1.Subject) string {
	if s.Kind == rbacv1.ServiceAccountKind {
		return prefixAccount + s.Namespace + ":" + s.Name
	}
	return s.Name
}
