package desired

import (
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
)

func cellOnClusterAPI(spec v1alpha1.ClusterAPI) *v1alpha1.Cell {
	return &v1alpha1.Cell{
		ObjectMeta: metav1.ObjectMeta{Name: OwnCellName(tenantID)},
		Spec:       v1alpha1.CellSpec{TenantID: tenantID, Cluster: &v1alpha1.ClusterReference{ClusterAPI: &spec}},
	}
}

func TestClusterAPICluster(t *testing.T) {
	for name, spec := range map[string]v1alpha1.ClusterAPI{
		"clusterapi-least": {Class: "quick", Version: "v1.35.1"},
		"clusterapi": {
			Class: "quick", Version: "v1.35.1", ControlPlaneReplicas: 3, WorkerClass: "large", WorkerReplicas: 2,
			Variables: []v1alpha1.ClusterVariable{
				{Name: "region", Value: &apiextensionsv1.JSON{Raw: []byte(`"eu-west-1"`)}},
				{Name: "zones", Value: &apiextensionsv1.JSON{Raw: []byte(`3`)}},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			cluster, err := ClusterAPICluster(cellOnClusterAPI(spec))
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name, cluster)
		})
	}
}

func TestClusterAPIClusterRefusesWhatIsNoJSON(t *testing.T) {
	broken := v1alpha1.ClusterVariable{Name: "region", Value: &apiextensionsv1.JSON{Raw: []byte(`{`)}}
	if cluster, err := ClusterAPICluster(cellOnClusterAPI(v1alpha1.ClusterAPI{Variables: []v1alpha1.ClusterVariable{broken}})); err == nil {
		t.Errorf("made %v", cluster)
	}
}
