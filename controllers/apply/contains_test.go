package apply

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

func object(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	var u unstructured.Unstructured
	if err := yaml.Unmarshal([]byte(text), &u.Object); err != nil {
		t.Fatal(err)
	}
	return &u
}

func TestContains(t *testing.T) {
	for name, c := range map[string]struct {
		intent, live string
		want         bool
	}{
		"the same":                        {`{kind: ConfigMap, data: {a: b}}`, `{kind: ConfigMap, data: {a: b}}`, true},
		"what others add to a map":        {`{kind: ConfigMap, data: {a: b}}`, `{kind: ConfigMap, data: {a: b, c: d}}`, true},
		"another value":                   {`{kind: ConfigMap, data: {a: b}}`, `{kind: ConfigMap, data: {a: c}}`, false},
		"a missing value":                 {`{kind: ConfigMap, data: {a: b}}`, `{kind: ConfigMap}`, false},
		"a default of the server":         {`{kind: D, spec: {containers: [{name: c, image: i}]}}`, `{kind: D, spec: {containers: [{name: c, image: i, tty: false}]}}`, true},
		"an entry of somebody else":       {`{kind: D, spec: {containers: [{name: c, image: i}]}}`, `{kind: D, spec: {containers: [{name: x}, {name: c, image: i}]}}`, true},
		"a container's other image":       {`{kind: D, spec: {containers: [{name: c, image: i}]}}`, `{kind: D, spec: {containers: [{name: c, image: j}]}}`, false},
		"a list that is one value":        {`{kind: D, spec: {args: [a]}}`, `{kind: D, spec: {args: [a, b]}}`, false},
		"a quantity spelt differently":    {`{kind: D, spec: {memory: 1024Mi}}`, `{kind: D, spec: {memory: 1Gi}}`, true},
		"another quantity":                {`{kind: D, spec: {memory: 1024Mi}}`, `{kind: D, spec: {memory: 2Gi}}`, false},
		"a number of another Go type":     {`{kind: D, spec: {replicas: 2}}`, `{kind: D, spec: {replicas: 2.0}}`, true},
		"an empty list that is not kept":  {`{kind: NetworkPolicy, spec: {podSelector: {}, ingress: []}}`, `{kind: NetworkPolicy, spec: {podSelector: {}}}`, true},
		"a rule that somebody added":      {`{kind: NetworkPolicy, spec: {podSelector: {}, ingress: []}}`, `{kind: NetworkPolicy, spec: {podSelector: {}, ingress: [{}]}}`, false},
		"a direction that somebody added": {`{kind: NetworkPolicy, spec: {podSelector: {}}}`, `{kind: NetworkPolicy, spec: {podSelector: {}, egress: [{}]}}`, false},
		"a selector that somebody narrowed": {
			`{kind: NetworkPolicy, spec: {podSelector: {}}}`, `{kind: NetworkPolicy, spec: {podSelector: {matchLabels: {a: b}}}}`, false,
		},
		"a peer that selects everything else": {
			`{kind: NetworkPolicy, spec: {ingress: [{from: [{podSelector: {}}]}]}}`, `{kind: NetworkPolicy, spec: {ingress: [{from: [{namespaceSelector: {}}]}]}}`, false,
		},
		"an exception that somebody removed": {
			`{kind: NetworkPolicy, spec: {egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [169.254.0.0/16]}}]}]}}`,
			`{kind: NetworkPolicy, spec: {egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}}`, false,
		},
		"a quota as the server spells it": {
			`{kind: ResourceQuota, spec: {hard: {limits.memory: 1024Mi, pods: "7"}}}`, `{kind: ResourceQuota, spec: {hard: {limits.memory: 1Gi, pods: "7"}}, status: {used: {pods: "1"}}}`, true,
		},
		"a quota that somebody raised": {`{kind: ResourceQuota, spec: {hard: {pods: "7"}}}`, `{kind: ResourceQuota, spec: {hard: {pods: "70"}}}`, false},
		"a default that somebody added": {
			`{kind: LimitRange, spec: {limits: [{type: Container, default: {memory: 1Gi}}]}}`, `{kind: LimitRange, spec: {limits: [{type: Container, default: {memory: 1Gi}}, {type: Pod}]}}`, false,
		},
		"defaults of a LimitRange": {
			`{kind: LimitRange, spec: {limits: [{type: Container, defaultRequest: {cpu: 50m}}]}}`, `{kind: LimitRange, spec: {limits: [{type: Container, default: {}, defaultRequest: {cpu: 50m, memory: 1Gi}}]}}`, true,
		},
		"a sidecar of somebody else": {
			`{kind: Deployment, spec: {containers: [{name: c}]}}`, `{kind: Deployment, spec: {containers: [{name: c, tty: false}, {name: x}]}}`, false,
		},
		"an initContainer of somebody else": {
			`{kind: Deployment, spec: {containers: [{name: c}]}}`, `{kind: Deployment, spec: {containers: [{name: c}], initContainers: [{name: x}]}}`, false,
		},
		"another variable in a container": {
			`{kind: Deployment, spec: {containers: [{name: c, env: [{name: A}]}]}}`, `{kind: Deployment, spec: {containers: [{name: c, env: [{name: A}, {name: B}]}]}}`, false,
		},
		"a Deployment with the server's defaults": {
			`{kind: Deployment, spec: {containers: [{name: c, ports: [{name: p}]}], volumes: [{name: v}]}}`,
			`{kind: Deployment, spec: {containers: [{name: c, ports: [{name: p, protocol: TCP}]}], volumes: [{name: v, emptyDir: {}}], dnsPolicy: ClusterFirst}, status: {replicas: 1}}`, true,
		},
		"an address of somebody else": {`{kind: Service, spec: {type: ClusterIP}}`, `{kind: Service, spec: {type: ClusterIP, externalIPs: [192.0.2.1]}}`, false},
		"a selector that matches less": {
			`{kind: Service, spec: {selector: {a: b}}}`, `{kind: Service, spec: {selector: {a: b, c: d}}}`, false,
		},
		"a Service with the server's defaults": {
			`{kind: Service, spec: {ports: [{name: http, port: 80}], selector: {a: b}}}`,
			`{kind: Service, spec: {ports: [{name: http, port: 80, protocol: TCP}], selector: {a: b}, clusterIPs: [10.0.0.1], ipFamilies: [IPv4]}}`, true,
		},
		"what an autoscaler scaled": {`{kind: Deployment, spec: {template: {}}}`, `{kind: Deployment, spec: {replicas: 5, template: {}}}`, true},
		"another toleration":        {`{kind: D, spec: {tolerations: [{key: a}]}}`, `{kind: D, spec: {tolerations: [{key: a}, {operator: Exists}]}}`, false},
		"a database that somebody put to sleep": {
			`{kind: Cluster, metadata: {annotations: {cnpg.io/hibernation: "off"}}}`, `{kind: Cluster, metadata: {annotations: {cnpg.io/hibernation: "on"}}}`, false,
		},
		"a subject that somebody added": {
			`{kind: RoleBinding, subjects: [{name: a}]}`, `{kind: RoleBinding, subjects: [{name: a}, {name: b}]}`, false,
		},
		"a filter that somebody added to a route": {
			`{kind: HTTPRoute, spec: {rules: [{backendRefs: [{name: a}]}]}}`, `{kind: HTTPRoute, spec: {rules: [{backendRefs: [{name: a}], filters: [{type: RequestMirror}]}]}}`, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Contains(object(t, c.live), object(t, c.intent)); got != c.want {
				t.Errorf("Contains = %v, want %v", got, c.want)
			}
		})
	}
}
