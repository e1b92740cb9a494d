package node

import (
	"errors"
	"fmt"

	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/pki"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/state"
)

// Credentials makes what the components and the administrator identify themselves with.
func Credentials(cluster state.Cluster, settings state.Settings) error {
	ca, err := pki.Open(cluster.Path("pki"), "bulkhead-devcluster")
	if err != nil {
		return err
	}
	plan := settings.Addresses()
	if err := errors.Join(
		ca.ServiceAccountKey(),
		ca.Server("apiserver", "localhost", "127.0.0.1", plan.API.String(), plan.Node.String(),
			"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"),
		ca.Server("kubelet-server", cluster.Name, plan.Node.String()),
		ca.Client("admin", "kubernetes-admin", "system:masters"),
		ca.Client("apiserver-kubelet", "kube-apiserver-kubelet-client", "system:masters"),
	); err != nil {
		return err
	}
	for name, identity := range map[string][]string{
		"kube-controller-manager": {"system:kube-controller-manager"},
		"kube-scheduler":          {"system:kube-scheduler"},
		"kubelet":                 {"system:node:" + cluster.Name, "system:nodes"},
		"kube-proxy":              {"system:kube-proxy"},
		"kube-router":             {"kube-router"},
	} {
		if err := errors.Join(
			ca.Client(name, identity[0], identity[1:]...),
			ca.Kubeconfig(cluster.Path("pki", name+".kubeconfig"), cluster.Name, "https://"+APIAddress, name),
		); err != nil {
			return err
		}
	}
	local := fmt.Sprintf("https://127.0.0.1:%d", settings.APIPort)
	return ca.Kubeconfig(cluster.Kubeconfig(), cluster.Name, local, "admin")
}
