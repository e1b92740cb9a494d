package envtest

import (
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
)

var _ = Describe("The API server", func() {
	parse := func(text string) *unstructured.Unstructured {
		GinkgoHelper()
		var object unstructured.Unstructured
		Expect(yaml.Unmarshal([]byte(text), &object.Object)).To(Succeed())
		object.SetAPIVersion("bulkhead.dev/v1alpha1")
		return &object
	}

	DescribeTable("accepts", func(ctx SpecContext, text string) {
		Expect(admin.Create(ctx, parse(text), client.DryRunAll)).To(Succeed())
	},
		Entry("the five-line tenant", `{kind: Tenant, metadata: {name: acme}, spec: {tier: Shared}}`),
		Entry("a name of 40 characters", `{kind: Tenant, metadata: {name: a234567890123456789012345678901234567890}, spec: {tier: Shared}}`),
		Entry("a full tenant", `{kind: Tenant, metadata: {name: acme}, spec: {tier: DedicatedPods, planRef: {name: enterprise}, displayName: Acme Ltd, language: fr, containment: ReadOnly, credentialGeneration: 3, deletionPolicy: Retain, cellSelector: {matchLabels: {region: eu}}}}`),
		Entry("a cluster to be made", `{kind: Tenant, metadata: {name: acme}, spec: {tier: DedicatedCluster, cluster: {clusterAPI: {class: quick, version: v1.35.1-rc.0+k3s1, variables: [{name: zones, value: 3}, {name: net, value: {cidr: 10.0.0.0/8}}]}}}}`),
		Entry("models of all kinds", `{kind: Tenant, metadata: {name: acme}, spec: {tier: Shared, models: {chat: {url: "https://api.openai.com/v1", model: gpt-4.1, apiKeySecretRef: {name: openai}, contextTokens: 128000}, embedding: {url: "https://[2001:db8::1]:8443", model: BAAI/bge-m3, dimensions: 1024, shorten: true}, reranker: {url: "http://10.1.2.3:8080/", model: m, shape: Texts}}}}`),
		Entry("an identity provider with its key set pasted", `{kind: Tenant, metadata: {name: acme}, spec: {tier: Shared, identityProvider: {issuer: "https://login.example", userClaim: oid, keys: [{"kty":"EC","use":"sig","kid":"a","crv":"P-256","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","x5c":["MIIB"]}, {"kty":"RSA","kid":"b","alg":"RS256","e":"AQAB","n":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]}}}`),
		Entry("a plan for shared tenants", `{kind: Plan, metadata: {name: p}, spec: {tiers: [Shared]}}`),
		Entry("a plan for own pods", `{kind: Plan, metadata: {name: p}, spec: {tiers: [DedicatedPods], database: {storage: 10Gi}, runtime: {replicas: 2}}}`),
		Entry("a plan that sells just what its database holds", `{kind: Plan, metadata: {name: p}, spec: {tiers: [DedicatedDatabase], limits: {storageBytes: 715827882}, database: {storage: 2Gi}}}`),
		Entry("a plan with the size of its database as a number", `{kind: Plan, metadata: {name: p}, spec: {tiers: [DedicatedDatabase], limits: {storageBytes: 10485760}, database: {storage: 2147483648}}}`),
		Entry("a cell", `{kind: Cell, metadata: {name: eu-1}, spec: {capacity: 500, database: {storage: 10Gi}, runtime: {}}}`),
		Entry("a cell with a database only", `{kind: Cell, metadata: {name: eu-1}, spec: {capacity: 1, database: {storage: 10Gi}}}`),
	)

	It("accepts every language that the runtime reads", func(ctx SpecContext) {
		for _, code := range language.Codes() {
			text := fmt.Sprintf(`{kind: Tenant, metadata: {name: acme}, spec: {tier: Shared, language: %q}}`, code)
			Expect(admin.Create(ctx, parse(text), client.DryRunAll)).To(Succeed(), code)
		}
	})

	DescribeTable("refuses", func(ctx SpecContext, text, field, why string) {
		err := admin.Create(ctx, parse(text), client.DryRunAll)
		Expect(err).To(MatchError(And(ContainSubstring(field), ContainSubstring(why))))
	},
		Entry("no tier", `{kind: Tenant, metadata: {name: acme}, spec: {}}`, "spec.tier", "Required"),
		Entry("no spec", `{kind: Tenant, metadata: {name: acme}}`, "spec", "Required"),
		Entry("an unknown tier", `{kind: Tenant, metadata: {name: acme}, spec: {tier: Gold}}`, "spec.tier", `supported values: "Shared", "DedicatedDatabase", "DedicatedPods", "DedicatedCluster"`),
		Entry("too long a name", `{kind: Tenant, metadata: {name: a2345678901234567890123456789012345678901}, spec: {tier: Shared}}`, "metadata.name", "at most 40 characters"),
		Entry("a name that is no DNS label", `{kind: Tenant, metadata: {name: acme.com}, spec: {tier: Shared}}`, "metadata.name", "only lower-case letters, digits and dashes"),
		Entry("a name that begins with a digit", `{kind: Tenant, metadata: {name: 4acme}, spec: {tier: Shared}}`, "metadata.name", "begins with a letter"),
		Entry("an unknown containment", `{kind: Tenant, metadata: {name: acme}, spec: {tier: Shared, containment: Jail}}`, "spec.containment", "Unsupported value"),
		Entry("an unknown language", `{kind: Tenant, metadata: {name: acme}, spec: {tier: Shared, language: xx}}`, "spec.language", "Unsupported value"),
		Entry("an id that is none", `{kind: Tenant, metadata: {name: acme}, spec: {tier: Shared, adoptID: me}}`, "spec.adoptID", "36"),
		Entry("a credential generation of 0", `{kind: Tenant, metadata: {name: acme}, spec: {tier: Shared, credentialGeneration: 0}}`, "spec.credentialGeneration", "greater than or equal to 1"),
		Entry("two clusters", `{kind: Tenant, metadata: {name: acme}, spec: {tier: DedicatedCluster, cluster: {kubeconfigSecretRef: {name: a}, clusterAPI: {class: quick, version: v1.35.1}}}}`, "spec.cluster", "and not both"),
		Entry("the cluster that was made for another tenant", `{kind: Tenant, metadata: {name: acme}, spec: {tier: DedicatedCluster, cluster: {kubeconfigSecretRef: {name: t-7d3c1d1e-0000-4000-8000-000000000001-kubeconfig, key: value}}}}`, "spec.cluster.kubeconfigSecretRef.name", "under another name"),
		Entry("a ClusterClass that can have no such name", `{kind: Tenant, metadata: {name: acme}, spec: {tier: DedicatedCluster, cluster: {clusterAPI: {class: My_Class, version: v1.35.1}}}}`, "spec.cluster.clusterAPI.class", "should match"),
		Entry("a version that is none", `{kind: Tenant, metadata: {name: acme}, spec: {tier: DedicatedCluster, cluster: {clusterAPI: {class: quick, version: v1.35.1 or so}}}}`, "spec.cluster.clusterAPI.version", "should match"),
		Entry("a cell whose namespace would be another's database", `{kind: Cell, metadata: {name: eu-1-db}, spec: {capacity: 5, runtime: {}}}`, "metadata.name", "cannot end in -db"),
		Entry("no models", `{kind: Tenant, metadata: {name: acme}, spec: {tier: Shared, models: {}}}`, "spec.models", "at least 1"),
		Entry("a model without a URL", `{kind: Tenant, metadata: {name: acme}, spec: {tier: Shared, models: {chat: {model: m}}}}`, "spec.models.chat.url", "Required"),
		Entry("a model without a name", `{kind: Tenant, metadata: {name: acme}, spec: {tier: Shared, models: {chat: {url: "https://a"}}}}`, "spec.models.chat.model", "Required"),
		Entry("a URL with a password", `{kind: Tenant, metadata: {name: acme}, spec: {tier: Shared, models: {chat: {url: "https://u:p@a/v1", model: m}}}}`, "spec.models.chat.url", "without user, query or fragment"),
		Entry("a URL with a query", `{kind: Tenant, metadata: {name: acme}, spec: {tier: Shared, models: {chat: {url: "https://a/v1?key=k", model: m}}}}`, "spec.models.chat.url", "without user, query or fragment"),
		Entry("a URL of another scheme", `{kind: Tenant, metadata: {name: acme}, spec: {tier: Shared, models: {reranker: {url: "ftp://a", model: m}}}}`, "spec.models.reranker.url", "https://models.example/v1"),
		Entry("a host with capitals", `{kind: Tenant, metadata: {name: acme}, spec: {tier: Shared, models: {reranker: {url: "https://A.example", model: m}}}}`, "spec.models.reranker.url", "lower case"),
		Entry("vectors of no size", `{kind: Tenant, metadata: {name: acme}, spec: {tier: Shared, models: {embedding: {url: "https://a", model: m}}}}`, "spec.models.embedding.dimensions", "Required"),
		Entry("too small a context", `{kind: Tenant, metadata: {name: acme}, spec: {tier: Shared, models: {chat: {url: "https://a", model: m, contextTokens: 100}}}}`, "spec.models.chat.contextTokens", "2048"),
		Entry("an unknown shape", `{kind: Tenant, metadata: {name: acme}, spec: {tier: Shared, models: {reranker: {url: "https://a", model: m, shape: Round}}}}`, "spec.models.reranker.shape", "Unsupported value"),
		Entry("an identity provider without keys", `{kind: Tenant, metadata: {name: acme}, spec: {tier: Shared, identityProvider: {issuer: a, keys: []}}}`, "spec.identityProvider.keys", "at least 1"),
		Entry("a private key", `{kind: Tenant, metadata: {name: acme}, spec: {tier: Shared, identityProvider: {issuer: a, keys: [{kty: OKP, kid: a, crv: Ed25519, x: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA, d: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA}]}}}`, "spec.identityProvider.keys[0].d", "its public half only"),
		Entry("a shared secret", `{kind: Tenant, metadata: {name: acme}, spec: {tier: Shared, identityProvider: {issuer: a, keys: [{kty: oct, kid: a, k: c2VjcmV0}]}}}`, "spec.identityProvider.keys[0].kty", "Unsupported value"),
		Entry("an RSA key that is too weak", `{kind: Tenant, metadata: {name: acme}, spec: {tier: Shared, identityProvider: {issuer: a, keys: [{kty: RSA, kid: a, e: AQAB, n: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA}]}}}`, "spec.identityProvider.keys[0].n", "342"),
		Entry("half a point", `{kind: Tenant, metadata: {name: acme}, spec: {tier: Shared, identityProvider: {issuer: a, keys: [{kty: EC, kid: a, crv: P-256, x: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA}]}}}`, "spec.identityProvider.keys[0]", "x and y"),
		Entry("two keys of one id", `{kind: Tenant, metadata: {name: acme}, spec: {tier: Shared, identityProvider: {issuer: a, keys: [{kty: OKP, kid: a, crv: Ed25519, x: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA}, {kty: OKP, kid: a, crv: Ed25519, x: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA}]}}}`, "spec.identityProvider.keys[1]", "Duplicate"),
		Entry("a cell in the namespace of the models' keys", `{kind: Cell, metadata: {name: models}, spec: {capacity: 5, runtime: {}}}`, "metadata.name", "clusters or models"),
		Entry("a cell in the operator's namespace", `{kind: Cell, metadata: {name: system}, spec: {capacity: 5, runtime: {}}}`, "metadata.name", "cannot end in -db or be system"),
		Entry("an empty cell", `{kind: Cell, metadata: {name: eu-1}, spec: {capacity: 5}}`, "spec", "a database, a runtime or both"),
		Entry("a shared cell that is retired", `{kind: Cell, metadata: {name: eu-1}, spec: {capacity: 5, runtime: {}, retired: true}}`, "spec.retired", "a shared cell is not retired"),
		Entry("a cell without room", `{kind: Cell, metadata: {name: eu-1}, spec: {capacity: 0, runtime: {}}}`, "spec.capacity", "greater than or equal to 1"),
		Entry("a cell with too much room", `{kind: Cell, metadata: {name: eu-1}, spec: {capacity: 1001, runtime: {}}}`, "spec.capacity", "less than or equal to 1000"),
		Entry("a plan for no tier", `{kind: Plan, metadata: {name: p}, spec: {tiers: []}}`, "spec.tiers", "at least 1"),
		Entry("a plan without a needed database", `{kind: Plan, metadata: {name: p}, spec: {tiers: [DedicatedDatabase]}}`, "spec.database", "how large that database is"),
		Entry("a plan without needed pods", `{kind: Plan, metadata: {name: p}, spec: {tiers: [DedicatedPods], database: {storage: 1Gi}}}`, "spec.runtime", "how many pods"),
		Entry("a document larger than the sealed format carries", `{kind: Plan, metadata: {name: p}, spec: {tiers: [Shared], limits: {documentBytes: 67108865}}}`, "spec.limits.documentBytes", "67108864"),
		Entry("more storage than the database has", `{kind: Plan, metadata: {name: p}, spec: {tiers: [DedicatedDatabase], limits: {storageBytes: 715827884}, database: {storage: 2Gi}}}`, "spec.database.storage", "1.5 times"),
		Entry("more storage than the database has, as a number", `{kind: Plan, metadata: {name: p}, spec: {tiers: [DedicatedDatabase], limits: {storageBytes: 10485760}, database: {storage: 1073741824}}}`, "spec.database.storage", "1.5 times"),
		Entry("a document larger than all storage", `{kind: Plan, metadata: {name: p}, spec: {tiers: [Shared], limits: {storageBytes: 10, documentBytes: 11}}}`, "spec.limits.documentBytes", "cannot exceed storageBytes"),
	)

	DescribeTable("refuses the change", func(ctx SpecContext, before, after, field, why string) {
		object := parse(before)
		Expect(admin.Create(ctx, object)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) { Expect(admin.Delete(ctx, object)).To(Succeed()) })
		changed := parse(after)
		changed.SetResourceVersion(object.GetResourceVersion())
		Expect(admin.Update(ctx, changed, client.DryRunAll)).To(MatchError(And(ContainSubstring(field), ContainSubstring(why))))
	},
		Entry("of an adopted id",
			`{kind: Tenant, metadata: {name: api-a}, spec: {tier: Shared, adoptID: 3385caef-d712-4e49-809f-3986f8bffd03}}`,
			`{kind: Tenant, metadata: {name: api-a}, spec: {tier: Shared}}`, "spec.adoptID", "cannot change"),
		Entry("to a lower credential generation",
			`{kind: Tenant, metadata: {name: api-b}, spec: {tier: Shared, credentialGeneration: 2}}`,
			`{kind: Tenant, metadata: {name: api-b}, spec: {tier: Shared}}`, "spec.credentialGeneration", "can only rise"),
		Entry("of a variable of the cluster that holds the data",
			`{kind: Tenant, metadata: {name: api-h}, spec: {tier: DedicatedCluster, cluster: {clusterAPI: {class: quick, version: v1.35.1, variables: [{name: region, value: a}]}}}}`,
			`{kind: Tenant, metadata: {name: api-h}, spec: {tier: DedicatedCluster, cluster: {clusterAPI: {class: quick, version: v1.35.1, variables: [{name: region, value: b}]}}}}`, "spec.cluster", "changed or left out later"),
		Entry("to no cluster and a tier without one",
			`{kind: Tenant, metadata: {name: api-f}, spec: {tier: DedicatedCluster, cluster: {kubeconfigSecretRef: {name: x}}}}`,
			`{kind: Tenant, metadata: {name: api-f}, spec: {tier: Shared}}`, "spec.cluster", "left out later"),
		Entry("to a cluster and a tier with one",
			`{kind: Tenant, metadata: {name: api-g}, spec: {tier: Shared}}`,
			`{kind: Tenant, metadata: {name: api-g}, spec: {tier: DedicatedCluster, cluster: {kubeconfigSecretRef: {name: x}}}}`, "spec.cluster", "cannot be given"),
		Entry("to smaller storage",
			`{kind: Cell, metadata: {name: api-c}, spec: {capacity: 5, database: {storage: 10Gi}}}`,
			`{kind: Cell, metadata: {name: api-c}, spec: {capacity: 5, database: {storage: 9Gi}}}`, "spec.database.storage", "cannot shrink"),
		Entry("to no database",
			`{kind: Cell, metadata: {name: api-d}, spec: {capacity: 5, runtime: {}, database: {storage: 10Gi}}}`,
			`{kind: Cell, metadata: {name: api-d}, spec: {capacity: 5, runtime: {}}}`, "spec.database", "cannot gain or lose"),
		Entry("to a runtime",
			`{kind: Cell, metadata: {name: api-e}, spec: {capacity: 5, database: {storage: 10Gi}}}`,
			`{kind: Cell, metadata: {name: api-e}, spec: {capacity: 5, runtime: {}, database: {storage: 10Gi}}}`, "spec.runtime", "cannot gain or lose"),
	)
})
