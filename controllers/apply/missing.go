package apply

import (
	"errors"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
	// A kind that went away is answered by nobody who knows it: 404, and no object
	// of the API that would say of what.
	if !apierrors.IsNotFound(err) {
		return false
	}
	status := apierrors.APIStatus(nil)
	unnamed := errors.As(err, &status) && (status.Status().Details == nil || status.Status().Details.Name == "")
	return unnamed || apierrors.HasStatusCause(err, metav1.CauseTypeUnexpectedServerResponse)
}
