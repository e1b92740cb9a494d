package apply

import (
	"errors"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
)

// IsMissingKind reports that the API server does not serve the object's kind:
// its CustomResourceDefinition is not installed.
func IsMissingKind(err error) bool {
	if meta.IsNoMatchError(err) {
		return true
	}
	if discovery := (*apiutil.ErrResourceDiscoveryFailed)(nil); errors.As(err, &discovery) {
		return true
	}
	// A known kind that went away answers 404 without naming an object.
	status := apierrors.APIStatus(nil)
	if !errors.As(err, &status) || status.Status().Reason != v1.StatusReasonNotFound {
		return false
	}
	details := status.Status().Details
	return details == nil || details.Name == ""
}
