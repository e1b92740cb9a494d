package apply

import (
	"context"
	"maps"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// closed are the kinds in which nobody else may add to the lists of closedLists: what
// is added runs with, or opens, what is ours.
var closed = map[string]bool{"Deployment": true, "Service": true}

// closedLists are lists by the key of their entries; one without a key has none of ours.
// The API merges them, so that an apply never takes an entry of somebody else out.
var closedLists = map[string]string{
	"containers":     "name",
	"initContainers": "name",
	"volumes":        "name",
	"volumeMounts":   "mountPath",
	"env":            "name",
	"envFrom":        "",
	"ports":          "name",
	"externalIPs":    "",
}

// removeAdditions takes out of the live object what somebody else added.
func (a *Applier) removeAdditions(ctx context.Context, live, intent *unstructured.Unstructured) error {
	if live == nil || !hasAdditions(live, intent) {
		return nil
	}
	wanted := &unstructured.Unstructured{Object: withoutAdditions(live.Object, intent.Object)}
	return a.Client.Patch(ctx, wanted, client.MergeFromWithOptions(live, client.MergeFromWithOptimisticLock{}), FieldOwner)
}

func hasAdditions(live, intent *unstructured.Unstructured) bool {
	return closed[intent.GetKind()] && !equality.Semantic.DeepEqual(live.Object, withoutAdditions(live.Object, intent.Object))
}

// withoutAdditions is the live object with those entries of closed lists only that
// the intent has, too.
func withoutAdditions(live, intent map[string]any) map[string]any {
	out := maps.Clone(live)
	for field, value := range live {
		if key, ok := closedLists[field]; ok {
			delete(out, field)
			if entries := wantedEntries(value, intent[field], key); len(entries) > 0 {
				out[field] = entries
			}
			continue
		}
		have, ok1 := value.(map[string]any)
		want, ok2 := intent[field].(map[string]any)
		if ok1 && ok2 {
			out[field] = withoutAdditions(have, want)
		}
	}
	return out
}

func wantedEntries(live, intent any, key string) []any {
	have, _ := live.([]any)
	want, _ := intent.([]any)
	var wanted []any
	for _, item := range have {
		object, ok1 := item.(map[string]any)
		like, ok2 := entry(want, key, item).(map[string]any)
		if ok1 && ok2 {
			wanted = append(wanted, withoutAdditions(object, like))
		}
	}
	return wanted
}
