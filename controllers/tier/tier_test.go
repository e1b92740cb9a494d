package tier

import (
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
)

func TestEveryLaterTierIsolatesAtLeastAsMuch(t *testing.T) {
	if weak := weakenings(All()); len(weak) > 0 {
		t.Errorf("isolates less than the tier before it: %v", weak)
	}
}

// TestAWeakeningIsSeen: the property above looks at every field.
func TestAWeakeningIsSeen(t *testing.T) {
	parts := owned()
	if len(parts) < 3 {
		t.Fatalf("the parts that a tier may own: %v", parts)
	}
	for _, part := range parts {
		stronger := Profile{Name: "stronger"}
		for _, every := range parts {
			reflect.ValueOf(&stronger).Elem().FieldByName(every).Set(reflect.ValueOf(Own))
		}
		weaker := stronger
		weaker.Name = "weaker"
		reflect.ValueOf(&weaker).Elem().FieldByName(part).Set(reflect.ValueOf(Shared))
		if diff := cmp.Diff([]string{"weaker." + part}, weakenings([]Profile{stronger, weaker})); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}

// owned names the fields of a Profile that say what a tier owns.
func owned() []string {
	var names []string
	profile := reflect.TypeFor[Profile]()
	for f := range profile.NumField() {
		if profile.Field(f).Type == reflect.TypeFor[Ownership]() {
			names = append(names, profile.Field(f).Name)
		}
	}
	return names
}

// weakenings are the fields in which a tier isolates less than the one before it.
func weakenings(all []Profile) []string {
	var found []string
	for i := 1; i < len(all); i++ {
		for _, part := range owned() {
			before, after := reflect.ValueOf(all[i-1]).FieldByName(part), reflect.ValueOf(all[i]).FieldByName(part)
			if after.Int() < before.Int() {
				found = append(found, string(all[i].Name)+"."+part)
			}
		}
	}
	return found
}

// TestTiersDiffer: who chooses between two tiers chooses what is owned, or at
// least another plan.
func TestTiersDiffer(t *testing.T) {
	names, sold := map[v1alpha1.Tier]bool{}, map[Profile]v1alpha1.Tier{}
	for _, p := range All() {
		if p.Name == "" || p.DefaultPlan == "" {
			t.Errorf("no name or no default plan: %+v", p)
		}
		if names[p.Name] {
			t.Errorf("%s is there twice", p.Name)
		}
		names[p.Name] = true
		nameless := p
		nameless.Name = ""
		if other, same := sold[nameless]; same {
			t.Errorf("%s is %s by another name", p.Name, other)
		}
		sold[nameless] = p.Name
	}
}

func TestCRDEnumIsAll(t *testing.T) {
	var all []string
	for _, p := range All() {
		all = append(all, string(p.Name))
	}
	for name, path := range map[string][]string{
		"tenants": {"spec", "tier"}, "plans": {"spec", "tiers"},
	} {
		if diff := cmp.Diff(all, enum(t, name, path...)); diff != "" {
			t.Errorf("the enum of %s %v differs from All() (-All +enum):\n%s", name, path, diff)
		}
	}
}

// enum are the values that a kind's definition allows in a field, or in a list.
func enum(t *testing.T, kind string, path ...string) []string {
	t.Helper()
	data, err := os.ReadFile("../../config/crd/bases/bulkhead.dev_" + kind + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	var crd apiextensionsv1.CustomResourceDefinition
	if err := yaml.UnmarshalStrict(data, &crd); err != nil {
		t.Fatal(err)
	}
	field := *crd.Spec.Versions[0].Schema.OpenAPIV3Schema
	for _, name := range path {
		field = field.Properties[name]
	}
	if field.Items != nil {
		field = *field.Items.Schema
	}
	var values []string
	for _, v := range field.Enum {
		values = append(values, string(v.Raw[1:len(v.Raw)-1]))
	}
	return values
}

func TestOf(t *testing.T) {
	for _, p := range All() {
		if got, ok := Of(p.Name); !ok || got != p {
			t.Errorf("Of(%s) = %v, %v", p.Name, got, ok)
		}
	}
	if _, ok := Of("Gold"); ok {
		t.Error("an unknown tier has a profile")
	}
}

// TestOwnsNothing: a tier that owns any part needs a cell of its own.
func TestOwnsNothing(t *testing.T) {
	if !(Profile{}).OwnsNothing() {
		t.Error("the tier that shares everything owns something")
	}
	for _, part := range owned() {
		var p Profile
		reflect.ValueOf(&p).Elem().FieldByName(part).Set(reflect.ValueOf(Own))
		if p.OwnsNothing() {
			t.Errorf("owns %s and nothing", part)
		}
	}
	if !slices.ContainsFunc(All(), Profile.OwnsNothing) {
		t.Error("no tier shares everything")
	}
}
