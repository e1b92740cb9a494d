// Package upstream builds the programs of other projects that Bulkhead is tested with, from Go
// modules pinned by checksum, and keeps them in a cache that is keyed by everything they depend on.
package upstream

const kubernetesVersion = "v1.35.1"

// Versions of what the sets hold, for image tags.
const (
	CloudNativePGVersion = "1.28.0"
	CoreDNSVersion       = "1.13.1"
	OpenBaoVersion       = "2.4.0"
)

// CloudNativePGManifest is the file beside the Kubernetes set that installs CloudNativePG.
const CloudNativePGManifest = "cnpg-" + CloudNativePGVersion + ".yaml"

// Set is a group of programs that one `go build` makes.
type Set struct {
	Name     string
	Module   string   // the directory of their module, beside this file
	Packages []string // what to build
	LDFlags  string
	Rename   map[string]string // from the name that go build gives to the one that we want
	Manifest File              // a file of a module to keep beside the programs
}

// File is a file in the source of a module that a set depends on.
type File struct{ Module, Path string }

const kubernetesLDFlags = "-s -w" +
	" -X k8s.io/component-base/version.gitVersion=" + kubernetesVersion +
	" -X k8s.io/component-base/version.gitMajor=1" +
	" -X k8s.io/component-base/version.gitMinor=35"

const openBaoLDFlags = "-s -w" +
	" -X github.com/openbao/openbao/version.fullVersion=" + OpenBaoVersion +
	" -X github.com/openbao/openbao/version.Version=" + OpenBaoVersion

var (
	// Envtest is what a control plane for tests needs, named as envtest expects it.
	Envtest = Set{
		Name:   "envtest",
		Module: "kubernetes",
		Packages: []string{
			"go.etcd.io/etcd/server/v3",
			"k8s.io/kubernetes/cmd/kube-apiserver",
			"k8s.io/kubernetes/cmd/kubectl",
		},
		LDFlags: kubernetesLDFlags,
		Rename:  map[string]string{"server": "etcd"},
	}

	// Kubernetes is a whole single-node cluster with CloudNativePG; it contains Envtest.
	Kubernetes = Set{
		Name:   "kubernetes",
		Module: "kubernetes",
		Packages: append([]string{
			"k8s.io/kubernetes/cmd/kube-controller-manager",
			"k8s.io/kubernetes/cmd/kube-scheduler",
			"k8s.io/kubernetes/cmd/kubelet",
			"k8s.io/kubernetes/cmd/kube-proxy",
			"github.com/cloudnative-pg/cloudnative-pg/cmd/manager",
			"github.com/cloudnativelabs/kube-router/v2/cmd/kube-router",
			"./coredns",
		}, Envtest.Packages...),
		LDFlags: kubernetesLDFlags,
		Rename:  map[string]string{"server": "etcd", "manager": "cnpg-manager"},
		Manifest: File{
			Module: "github.com/cloudnative-pg/cloudnative-pg",
			Path:   "releases/" + CloudNativePGManifest,
		},
	}

	// OpenBao is the key server. It speaks the HashiCorp Vault API.
	OpenBao = Set{
		Name:     "openbao",
		Module:   "openbao",
		Packages: []string{"."},
		LDFlags:  openBaoLDFlags,
	}
)
