package clusters

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/controllers/desired"
)

// prerequisites reports what a cluster lacks that Bulkhead does not install
// there itself, and returns the token with which Vault reviews identities.
func prerequisites(ctx context.Context, live client.Reader) (reviewerToken string, missing []string, err error) {
	for name, object := range map[string]client.Object{
		"clusters.postgresql.cnpg.io (CloudNativePG)": &apiextensionsv1.CustomResourceDefinition{},
		desired.ClusterRoleManager:                    &rbacv1.ClusterRole{},
		desired.ClusterRoleRuntime:                    &rbacv1.ClusterRole{},
	} {
		key, _, _ := strings.Cut(name, " ")
		switch err := live.Get(ctx, client.ObjectKey{Name: key}, object); {
		case apierrors.IsNotFound(err), apierrors.IsForbidden(err):
			missing = append(missing, fmt.Sprintf("%s %s", kindOf(object), name))
		case err != nil:
			return "", nil, err
		}
	}
	token, err := readReviewerToken(ctx, live)
	if err != nil {
		return "", nil, err
	}
	if token == "" {
		missing = append(missing, fmt.Sprintf("Secret %s with a token", reviewerSecret))
	}
	return token, missing, nil
}

var reviewerSecret = client.ObjectKey{Namespace: desired.SystemNamespace, Name: desired.ReviewerSecret}

// readReviewerToken is empty when there is none, or none that the operator may read.
func readReviewerToken(ctx context.Context, live client.Reader) (string, error) {
	var secret corev1.Secret
	err := live.Get(ctx, reviewerSecret, &secret)
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsForbidden(err) {
		return "", err
	}
	return string(secret.Data[corev1.ServiceAccountTokenKey]), nil
}

func kindOf(object client.Object) string {
	if _, ok := object.(*rbacv1.ClusterRole); ok {
		return "ClusterRole"
	}
	return "CustomResourceDefinition"
}
