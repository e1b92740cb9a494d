package node

import "github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/addresses"

// components are the programs of the node. Those that need the API server wait for it, because most
// of them end when they cannot reach it.
func (n node) components() []component {
	return []component{
		{name: "etcd", args: n.etcd()},
		{name: "containerd", args: []string{"containerd", "--config", n.config("containerd.toml")}},
		{name: "kube-apiserver", args: n.apiServer()},
		{name: "kube-controller-manager", args: n.controllerManager(), after: apiServerReady},
		{name: "kube-scheduler", args: n.scheduler(), after: apiServerReady},
		{name: "kubelet", args: n.kubelet(), after: apiServerReady},
		{name: "kube-proxy", args: n.kubeProxy(), after: apiServerReady},
		{name: "kube-router", args: n.kubeRouter(), after: apiServerReady},
	}
}

// etcd does not wait for the disk: a power cut may cost the cluster, a killed process does not.
func (n node) etcd() []string {
	return []string{
		n.binary("etcd"),
		"--data-dir=" + n.Path("etcd"),
		"--listen-client-urls=http://127.0.0.1:2379",
		"--advertise-client-urls=http://127.0.0.1:2379",
		"--listen-peer-urls=http://127.0.0.1:2380",
		"--unsafe-no-fsync",
		"--log-level=warn",
	}
}

func (n node) apiServer() []string {
	return []string{
		n.binary("kube-apiserver"),
		"--etcd-servers=http://127.0.0.1:2379",
		"--secure-port=" + addresses.APIPort,
		"--advertise-address=" + n.plan.Node.String(),
		"--service-cluster-ip-range=" + n.plan.Services.String(),
		"--client-ca-file=" + n.pki("ca.crt"),
		"--tls-cert-file=" + n.pki("apiserver.crt"),
		"--tls-private-key-file=" + n.pki("apiserver.key"),
		"--kubelet-certificate-authority=" + n.pki("ca.crt"),
		"--kubelet-client-certificate=" + n.pki("apiserver-kubelet.crt"),
		"--kubelet-client-key=" + n.pki("apiserver-kubelet.key"),
		"--kubelet-preferred-address-types=InternalIP",
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file=" + n.pki("sa.pub"),
		"--service-account-signing-key-file=" + n.pki("sa.key"),
		"--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction",
		"--allow-privileged=true",
		"--audit-policy-file=" + n.config("audit-policy.yaml"),
		"--audit-log-path=" + n.AuditLog(),
		"--audit-log-maxsize=200",
		"--audit-log-maxbackup=2",
	}
}

func (n node) controllerManager() []string {
	return []string{
		n.binary("kube-controller-manager"),
		"--kubeconfig=" + n.pki("kube-controller-manager.kubeconfig"),
		"--leader-elect=false",
		"--use-service-account-credentials",
		"--allocate-node-cidrs",
		"--cluster-cidr=" + n.plan.Pods.String(),
		"--service-cluster-ip-range=" + n.plan.Services.String(),
		"--root-ca-file=" + n.pki("ca.crt"),
		"--service-account-private-key-file=" + n.pki("sa.key"),
		"--cluster-signing-cert-file=" + n.pki("ca.crt"),
		"--cluster-signing-key-file=" + n.pki("ca.key"),
		"--flex-volume-plugin-dir=" + n.Path("kubelet", "volume-plugins"),
	}
}

func (n node) scheduler() []string {
	return []string{
		n.binary("kube-scheduler"),
		"--kubeconfig=" + n.pki("kube-scheduler.kubeconfig"),
		"--leader-elect=false",
	}
}

func (n node) kubelet() []string {
	return []string{
		n.binary("kubelet"),
		"--config=" + n.config("kubelet.yaml"),
		"--kubeconfig=" + n.pki("kubelet.kubeconfig"),
		"--hostname-override=" + n.Name,
		"--node-ip=" + n.plan.Node.String(),
	}
}

func (n node) kubeProxy() []string {
	return []string{n.binary("kube-proxy"), "--config=" + n.config("kube-proxy.yaml")}
}

// kubeRouter enforces NetworkPolicies and does nothing else.
func (n node) kubeRouter() []string {
	return []string{
		n.binary("kube-router"),
		"--kubeconfig=" + n.pki("kube-router.kubeconfig"),
		"--hostname-override=" + n.Name,
		"--run-firewall=true",
		"--run-router=false",
		"--run-service-proxy=false",
		"--run-loadbalancer=false",
		"--service-cluster-ip-range=" + n.plan.Services.String(),
		"--metrics-port=0",
		"--health-port=0",
	}
}
