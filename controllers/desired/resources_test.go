package desired

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

func TestSized(t *testing.T) {
	for name, c := range map[string]struct{ custom, want string }{
		"nothing":            {`{}`, `{requests: {cpu: 50m, memory: 128Mi}, limits: {memory: 1Gi}}`},
		"a limit only":       {`{limits: {memory: 4Gi}}`, `{requests: {cpu: 50m, memory: 4Gi}, limits: {memory: 4Gi}}`},
		"a small limit":      {`{limits: {memory: 64Mi, cpu: 10m}}`, `{requests: {cpu: 10m, memory: 64Mi}, limits: {cpu: 10m, memory: 64Mi}}`},
		"a large request":    {`{requests: {memory: 2Gi}}`, `{requests: {cpu: 50m, memory: 2Gi}, limits: {memory: 2Gi}}`},
		"a request":          {`{requests: {cpu: "2"}}`, `{requests: {cpu: "2", memory: 128Mi}, limits: {memory: 1Gi}}`},
		"all":                {`{requests: {cpu: "1", memory: 1Gi}, limits: {cpu: "2", memory: 2Gi}}`, `{requests: {cpu: "1", memory: 1Gi}, limits: {cpu: "2", memory: 2Gi}}`},
		"something else too": {`{limits: {ephemeral-storage: 1Gi}}`, `{requests: {cpu: 50m, memory: 128Mi, ephemeral-storage: 1Gi}, limits: {memory: 1Gi, ephemeral-storage: 1Gi}}`},
	} {
		t.Run(name, func(t *testing.T) {
			var custom, want corev1.ResourceRequirements
			decode(t, c.custom, &custom)
			decode(t, c.want, &want)
			if diff := cmp.Diff(want, sized(&custom, runtimeResources())); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	if diff := cmp.Diff(runtimeResources(), sized(nil, runtimeResources())); diff != "" {
		t.Errorf("none: -want +got:\n%s", diff)
	}
}

func decode(t *testing.T, text string, into any) {
	t.Helper()
	if err := yaml.UnmarshalStrict([]byte(text), into); err != nil {
		t.Fatal(err)
	}
}
