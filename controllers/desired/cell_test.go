package desired

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
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
		DatabaseUID:  "5f1c2d3e-0000-4000-8000-000000000002",
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

// TestGolden writes what a cell consists of, to be read by people.
func TestGolden(t *testing.T) {
	for name, in := range map[string]CellInput{
		"cell": input(nil),
		"cell-before-the-database": input(func(in *CellInput) {
			in.DatabaseUID, in.DatabaseCA, in.AppPassword, in.LanePassword, in.RuntimeImage = "", "", "", "", ""
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
		"cell-runtime-only":   input(func(in *CellInput) { in.Cell.Spec.Database = nil }),
		"cell-retired":        input(func(in *CellInput) { in.Cell.Spec.Retired = ptr.To(true) }),
	} {
		t.Run(name, func(t *testing.T) { golden(t, name, built(t, in).All()...) })
	}
}

// TestGoldenParts does the same for what differs in one part only.
func TestGoldenParts(t *testing.T) {
	database := func(set CellSet) []*unstructured.Unstructured { return append(set.Database, set.Backup...) }
	for name, c := range map[string]struct {
		change func(*CellInput)
		part   func(CellSet) []*unstructured.Unstructured
	}{
		"runtime-autoscaled": {scaled, func(set CellSet) []*unstructured.Unstructured { return append(set.Bounds, set.Runtime...) }},
		"runtime-own":        {ofOneTenant, func(set CellSet) []*unstructured.Unstructured { return set.Runtime }},
		"database-snapshots": {withSnapshots, database},
		"database-plugin": {withPlugin, func(set CellSet) []*unstructured.Unstructured {
			return append(append(set.Walls, set.Database...), set.Backup...)
		}},
		"database-retired": {func(in *CellInput) {
			withSnapshots(in)
			in.Cell.Spec.Retired = ptr.To(true)
		}, database},
		"database-synchronized": {func(in *CellInput) {
			in.Cell.Spec.Database.Instances = 2
			in.Cell.Spec.Database.SynchronizeLogicalDecoding = ptr.To(true)
		}, database},
		"walls-endpoints": {withEndpoints, func(set CellSet) []*unstructured.Unstructured { return set.Walls }},
		"walls-served-by": {func(in *CellInput) {
			in.Cell.Spec.Runtime, in.Cell.Spec.ServedBy = nil, "eu-2"
		}, func(set CellSet) []*unstructured.Unstructured { return set.Walls }},
	} {
		t.Run(name, func(t *testing.T) { golden(t, name, c.part(built(t, input(c.change)))...) })
	}
}

func ofOneTenant(in *CellInput) {
	in.Cell.Name, in.Cell.Spec.TenantID, in.Cell.Spec.Capacity = OwnCellName(tenantID), tenantID, 1
}

func scaled(in *CellInput) {
	runtime := in.Cell.Spec.Runtime
	runtime.Autoscaling = &v1alpha1.Autoscaling{MaxReplicas: 5}
	runtime.NodeSelector = map[string]string{"pool": "tenants"}
	runtime.Tolerations = []corev1.Toleration{
		{Key: "pool", Operator: corev1.TolerationOpEqual, Value: "tenants", Effect: corev1.TaintEffectNoSchedule},
		{Key: "node.kubernetes.io/unreachable", Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute, TolerationSeconds: ptr.To[int64](30)},
	}
	runtime.RuntimeClassName = "gvisor"
}

func withSnapshots(in *CellInput) {
	in.Cell.Spec.Database.Backup = &v1alpha1.BackupSchedule{Schedule: "0 0 3 * * *"}
}

func withPlugin(in *CellInput) {
	in.Cell.Spec.Database.Backup = &v1alpha1.BackupSchedule{
		Schedule: "0 0 3 * * *", Method: v1alpha1.BackupPlugin, PluginName: "barman-cloud.cloudnative-pg.io",
		PluginParameters: map[string]string{"barmanObjectName": "store"},
	}
	in.Config.Backups.Egress = &configuration.Egress{Port: 443, CIDRs: []string{"198.51.100.0/24"}}
}

func withEndpoints(in *CellInput) {
	in.Cell.Spec.Endpoints = []v1alpha1.Endpoint{
		{Name: "models", CIDRs: []string{"203.0.113.0/24"}},
		{Name: "Anywhere, by HTTP", CIDRs: []string{"0.0.0.0/0", "::/0"}, Port: 80},
		{Name: "metadata", CIDRs: []string{"100.100.100.200/32"}},
	}
	in.Plans = []v1alpha1.Plan{
		plan("starter", []v1alpha1.Tier{v1alpha1.TierShared}, v1alpha1.Endpoint{Name: "embeddings", CIDRs: []string{"198.51.100.7/32"}, Port: 8443}),
		plan("pro", []v1alpha1.Tier{v1alpha1.TierDedicatedPods, v1alpha1.TierDedicatedDatabase},
			v1alpha1.Endpoint{Name: "chat", CIDRs: []string{"198.51.100.8/32"}},
			v1alpha1.Endpoint{Name: "metadata", CIDRs: []string{"fd00:ec2::254/128"}}),
		plan("enterprise", []v1alpha1.Tier{v1alpha1.TierDedicatedPods}, v1alpha1.Endpoint{Name: "own", CIDRs: []string{"198.51.100.9/32"}}),
		plan("plain", []v1alpha1.Tier{v1alpha1.TierShared}),
	}
}

func plan(name string, tiers []v1alpha1.Tier, endpoints ...v1alpha1.Endpoint) v1alpha1.Plan {
	return v1alpha1.Plan{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.PlanSpec{Tiers: tiers, ModelEndpoints: endpoints}}
}

// TestOwnPodsReachTheirOwnEndpointsOnly: what other plans sell is no business of
// a tenant that has pods of its own.
func TestOwnPodsReachTheirOwnEndpointsOnly(t *testing.T) {
	in := input(func(in *CellInput) {
		withEndpoints(in)
		ofOneTenant(in)
	})
	opened := 0
	for _, w := range built(t, in).Walls {
		if strings.HasPrefix(w.GetName(), prefixPlan) {
			t.Errorf("the cell has the wall %s", w.GetName())
		}
		if strings.HasPrefix(w.GetName(), prefixEndpoint) {
			opened++
		}
	}
	if opened != 2 {
		t.Errorf("%d of the cell's two reachable endpoints are open", opened)
	}
}

func TestRefusedEndpointsNameTheirField(t *testing.T) {
	var got []string
	for _, err := range built(t, input(withEndpoints)).Refused {
		field, _, _ := strings.Cut(err.Error(), ": 100.100.100.200/32 is in")
		field, _, _ = strings.Cut(field, ": fd00:ec2::254/128 is in")
		got = append(got, field)
	}
	want := []string{"spec.endpoints[metadata].cidrs[0]", "Plan pro: spec.modelEndpoints[metadata].cidrs[0]"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestEveryNamespaceDeniesByDefault is the rule that the walls stand on.
func TestEveryNamespaceDeniesByDefault(t *testing.T) {
	set := built(t, input(nil))
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
	set := built(t, input(nil))
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
