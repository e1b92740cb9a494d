package apply

import (
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// exact are, by kind, the paths of the fields in which an addition by somebody else
// widens access, such as a filter that copies a route's requests elsewhere: there
// the live value must equal the intent, not only contain it.
var exact = map[string][][]string{
	"HTTPRoute":     {{"spec"}},
	"NetworkPolicy": {{"spec"}},
	"RoleBinding":   {{"roleRef"}, {"subjects"}},
	"Service":       {{"spec", "selector"}},
}

// mergeKeys are the lists that the API merges by a key, so that others may add
// entries of their own (https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy).
// Every other list is one value. In closed kinds nobody may add entries, either.
var mergeKeys = map[string]string{
	"containers":                "name",
	"machineDeployments":        "name",
	"env":                       "name",
	"variables":                 "name",
	"volumes":                   "name",
	"volumeMounts":              "mountPath",
	"topologySpreadConstraints": "topologyKey",
}

// Contains reports whether the live object has everything that the intent says.
// Defaults that the server fills in do not count as differences.
func Contains(live, intent *unstructured.Unstructured) bool {
	for _, path := range exact[intent.GetKind()] {
		have, _, _ := unstructured.NestedFieldNoCopy(live.Object, path...)
		want, _, _ := unstructured.NestedFieldNoCopy(intent.Object, path...)
		if !equality.Semantic.DeepEqual(withoutEmpty(have), withoutEmpty(want)) {
			return false
		}
	}
	return !hasAdditions(live, intent) && contains(live.Object, intent.Object, "")
}

func contains(live, intent any, field string) bool {
	switch want := intent.(type) {
	case map[string]any:
		have, _ := live.(map[string]any)
		for key, value := range want {
			if !contains(have[key], value, key) {
				return false
			}
		}
		return true
	case []any:
		have, _ := live.([]any)
		if key, ok := mergeKeys[field]; ok {
			return containsByKey(have, want, key)
		}
		return containsInOrder(have, want)
	}
	return sameValue(live, intent)
}

func containsByKey(live, intent []any, key string) bool {
	for _, want := range intent {
		if !contains(entry(live, key, want), want, "") {
			return false
		}
	}
	return true
}

func entry(list []any, key string, like any) any {
	wanted, _ := like.(map[string]any)
	for _, item := range list {
		if object, ok := item.(map[string]any); ok && object[key] == wanted[key] {
			return object
		}
	}
	return nil
}

func containsInOrder(live, intent []any) bool {
	if len(live) != len(intent) {
		return false
	}
	for i := range intent {
		if !contains(live[i], intent[i], "") {
			return false
		}
	}
	return true
}

// sameValue compares scalars, numbers whatever their Go type and quantities
// whatever their spelling.
func sameValue(live, intent any) bool {
	if live == intent {
		return true
	}
	a, aNumber := number(live)
	b, bNumber := number(intent)
	if aNumber && bNumber {
		return a == b
	}
	have, ok := live.(string)
	want, ok2 := intent.(string)
	if ok && ok2 && strings.ContainsAny(have+want, "0123456789") {
		q1, err1 := resource.ParseQuantity(have)
		q2, err2 := resource.ParseQuantity(want)
		return err1 == nil && err2 == nil && q1.Cmp(q2) == 0
	}
	return false
}

func number(value any) (float64, bool) {
	switch n := value.(type) {
	case int64:
		return float64(n), true
	case int32:
		return float64(n), true
	case float64:
		return n, true
	}
	return 0, false
}

// withoutEmpty drops empty lists, which the API server does not keep. Empty maps
// stay: an empty selector selects everything, an absent one nothing.
func withoutEmpty(value any) any {
	switch v := value.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, child := range v {
			if kept := withoutEmpty(child); kept != nil {
				out[key] = kept
			}
		}
		return out
	case []any:
		if len(v) == 0 {
			return nil
		}
		out := make([]any, len(v))
		for i := range v {
			out[i] = withoutEmpty(v[i])
		}
		return out
	}
	return value
}
