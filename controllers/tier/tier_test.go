package tier

import (
	"os"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

func TestEveryLaterTierIsolatesAtLeastAsMuch(t *testing.T) {
	all := All()
	for i := 1; i < len(all); i++ {
		weaker, stronger := reflect.ValueOf(all[i-1]), reflect.ValueOf(all[i])
		rises := false
		for f := range stronger.NumField() {
			if stronger.Field(f).Type() != reflect.TypeFor[Ownership]() {
				continue
			}
			if stronger.Field(f).Int() < weaker.Field(f).Int() {
				t.Errorf("%s isolates %s less than %s", all[i].Name, stronger.Type().Field(f).Name, all[i-1].Name)
			}
			rises = rises || stronger.Field(f).Int() > weaker.Field(f).Int()
		}
		if !rises {
			t.Errorf("%s isolates no more than %s", all[i].Name, all[i-1].Name)
		}
	}
}

func TestCRDEnumIsAll(t *testing.T) {
	data, err := os.ReadFile("../../config/crd/bases/bulkhead.dev_tenants.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var crd apiextensionsv1.CustomResourceDefinition
	if err := yaml.UnmarshalStrict(data, &crd); err != nil {
		t.Fatal(err)
	}
	spec := crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"]
	var enum, all []string
	for _, v := range spec.Properties["tier"].Enum {
		enum = append(enum, string(v.Raw[1:len(v.Raw)-1]))
	}
	for _, p := range All() {
		all = append(all, string(p.Name))
	}
	if diff := cmp.Diff(all, enum); diff != "" {
		t.Errorf("the CRD's enum differs from All() (-All +enum):\n%s", diff)
	}
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
