package clusters

import (
	"context"
	"errors"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/controllers/nscache"
)

// Cluster is one Kubernetes cluster, and what the operator keeps of it.
type Cluster struct {
	// UID tells one cluster from another, however it is reached. It is empty for the hub.
	UID types.UID
	// Client writes, and reads the cache of what the operator may read everywhere.
	Client client.Client
	// Live reads past the caches.
	Live client.Reader
	// Caches read the namespaces that the operator owns there.
	Caches *nscache.Caches
	// Operator is the operator's own identity there.
	Operator rbacv1.Subject
	// Reviewer lets Vault verify the identities of the cluster's pods. It is nil
	// for the hub, whose auth mount people set up.
	Reviewer *Reviewer
}

// Reviewer is what a Vault Kubernetes auth mount is configured with
// (https://developer.hashicorp.com/vault/api-docs/auth/kubernetes).
type Reviewer struct {
	// Host is the URL of the cluster's API server.
	Host string
	// CA is the certificate of its authority, in PEM.
	CA string
	// Token may create TokenReviews there, and nothing else.
	Token string
}

// APIServer returns the addresses at which the cluster's pods reach its API.
func (c *Cluster) APIServer(ctx context.Context) ([]desired.Address, error) {
	var slices discoveryv1.EndpointSliceList
	err := c.Client.List(ctx, &slices, client.InNamespace(corev1.NamespaceDefault), client.MatchingLabels{discoveryv1.LabelServiceName: "kubernetes"})
	if err != nil {
		return nil, err
	}
	var addresses []desired.Address
	for _, slice := range slices.Items {
		for _, endpoint := range slice.Endpoints {
			for _, port := range slice.Ports {
				for _, ip := range endpoint.Addresses {
					addresses = append(addresses, desired.Address{IP: ip, Port: ptr.Deref(port.Port, 443)})
				}
			}
		}
	}
	if len(addresses) == 0 { // walls without them would cut every pod off
		return nil, errors.New("the Service default/kubernetes has no addresses")
	}
	return desired.SortAddresses(addresses), nil
}
