package desired

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/configuration"
)

const digest = "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func input(change func(*CellInput)) CellInput {
	in := CellInput{
		Cell: &v1alpha1.Cell{
			ObjectMeta: metav1.ObjectMeta{Name: "eu-1", UID: "5f1c2d3e-0000-4000-8000-000000000001"},
			Spec: v1alpha1.CellSpec{
				Capacity: 500,
				Database: &v1alpha1.DatabaseSize{Storage: ptr.To(resource.MustParse("10Gi"))},
				Runtime:  &v1alpha1.RuntimeSize{Replicas: 2},
			},
		},
		Config: configuration.Configuration{
			Images: configuration.Images{Runtime: "example/runtime" + digest, PostgreSQL: "example/postgresql:17" + digest},
			Vault: configuration.Vault{
				Address: "https://vault.vault.svc:8200", AuthMount: "kubernetes", Audience: "vault",
				Egress: configuration.Egress{Port: 8200, Peers: []configuration.Peer{{Namespace: "vault", PodLabels: map[string]string{"app": "vault"}}}},
			},
			CloudNativePG: configuration.CloudNativePG{Operator: configuration.Peer{Namespace: "cnpg-system", PodLabels: map[string]string{"app": "cnpg"}}},
			DNS:           configuration.DNS{Server: configuration.Peer{Namespace: "kube-system", PodLabels: map[string]string{"k8s-app": "kube-dns"}}},
		},
		Manager:      ServiceAccount("bulkhead-system", "bulkhead-manager"),
		APIServer:    []Address{{IP: "10.0.0.1", Port: 6443}},
		DatabaseCA:   "CA",
		AppPassword:  "app-password",
		LanePassword: "lane-password",
		RuntimeImage: "example/runtime" + digest,
	}
	if change != nil {
		change(&in)
	}
	return in
}

// TestGolden writes what a cell consists of, to be read by people. Run it with
// -update after a change, and read the difference.
func TestGolden(t *testing.T) {
	for name, in := range map[string]CellInput{
		"cell": input(nil),
		"cell-before-the-database": input(func(in *CellInput) {
			in.DatabaseCA, in.AppPassword, in.LanePassword, in.RuntimeImage = "", "", "", ""
		}),
		"cell-large": input(func(in *CellInput) {
			in.Cell.Spec.Database.Instances = 3
			in.Cell.Spec.Database.Resources = &corev1.ResourceRequirements{Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("4Gi")}}
			in.Cell.Spec.Runtime.Resources = &corev1.ResourceRequirements{Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("2Gi")}}
			in.Config.Vault.CABundle = "VAULT CA"
			in.Config.DNS.NodeLocal = "169.254.20.10"
			in.Config.Vault.Egress.CIDRs = []string{"192.0.2.0/24"}
			in.Config.Clients = []configuration.Peer{{Namespace: "gateway"}}
			in.Config.Scrapers = []configuration.Peer{{Namespace: "monitoring", PodLabels: map[string]string{"app": "prometheus"}}}
			in.APIServer = []Address{{IP: "10.0.0.1", Port: 6443}, {IP: "fd00::1", Port: 6443}}
		}),
		"cell-single-replica": input(func(in *CellInput) { in.Cell.Spec.Runtime.Replicas = 1 }),
		"cell-database-only":  input(func(in *CellInput) { in.Cell.Spec.Runtime = nil }),
	} {
		t.Run(name, func(t *testing.T) {
			set, err := Cell(in)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name, set.All()...)
		})
	}
}

// TestEveryNamespaceDeniesByDefault is the rule that the walls stand on.
func TestEveryNamespaceDeniesByDefault(t *testing.T) {
	set, err := Cell(input(nil))
	if err != nil {
		t.Fatal(err)
	}
	denied := map[string]bool{}
	for _, wall := range set.Walls {
		if wall.GetName() != nameDefaultDeny {
			continue
		}
		spec, _ := wall.Object["spec"].(map[string]any)
		if diff := cmp.Diff(map[string]any{"podSelector": map[string]any{}, "policyTypes": []any{"Ingress", "Egress"}}, withoutLists(spec)); diff != "" {
			t.Errorf("%s: %s", wall.GetNamespace(), diff)
		}
		denied[wall.GetNamespace()] = true
	}
	for _, namespace := range set.Namespaces {
		if !denied[namespace.GetName()] {
			t.Errorf("namespace %s has no default deny", namespace.GetName())
		}
		for _, mode := range []string{"enforce", "audit", "warn"} {
			if namespace.GetLabels()["pod-security.kubernetes.io/"+mode] != "restricted" {
				t.Errorf("namespace %s does not %s the restricted standard", namespace.GetName(), mode)
			}
		}
	}
}

func withoutLists(spec map[string]any) map[string]any {
	out := map[string]any{}
	for key, value := range spec {
		if list, ok := value.([]any); ok && len(list) == 0 {
			continue
		}
		out[key] = value
	}
	return out
}

// TestNoSecretButInSecrets keeps passwords and CA keys out of everything that
// is not a Secret.
func TestNoSecretButInSecrets(t *testing.T) {
	set, err := Cell(input(nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range set.All() {
		text, err := yaml.Marshal(object.Object)
		if err != nil {
			t.Fatal(err)
		}
		if object.GetKind() != "Secret" && (strings.Contains(string(text), "app-password\n") || strings.Contains(string(text), "lane-password\n")) {
			t.Errorf("%s %s holds a password", object.GetKind(), object.GetName())
		}
		if strings.Contains(string(text), "ownerReferences") {
			t.Errorf("%s %s has an owner: it could be garbage collected", object.GetKind(), object.GetName())
		}
	}
}
