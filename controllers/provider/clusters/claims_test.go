package clusters

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
)

const hubsUID, second types.UID = "hub", "second"

// claiming are clusters on a hub with these objects. Who is wanted, the test says.
func claiming(t *testing.T, wanted func(cell string) bool, objects ...client.Object) *Clusters {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	objects = append(objects, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "kube-system", UID: hubsUID}})
	hub := fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).WithIndex(&v1alpha1.Cell{}, IndexUID, IndexCellByUID).Build()
	return New(&Cluster{Client: hub, Live: hub}, Options{Wanted: func(_ context.Context, cell string) (bool, error) { return wanted(cell), nil }})
}

func everybody(string) bool { return true }

func recorded(name string, age time.Duration) *v1alpha1.Cell {
	return &v1alpha1.Cell{
		ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: metav1.NewTime(time.Now().Add(-age).Truncate(time.Second))},
		Status:     v1alpha1.CellStatus{ClusterUID: string(second)},
	}
}

// expectClaim claims a cluster by a kubeconfig of any name; holder is who is to have
// it, "" for the cell itself.
func expectClaim(t *testing.T, c *Clusters, uid types.UID, cell, holder string) {
	t.Helper()
	err := c.Claim(context.Background(), &Cluster{UID: uid}, cell)
	problem := (*NotReady)(nil)
	switch refused := errors.As(err, &problem); {
	case holder == "" && err != nil:
		t.Errorf("%s: %v", cell, err)
	case holder != "" && (!refused || problem.Reason != v1alpha1.ReasonClusterInUse || !strings.Contains(problem.Message, holder)):
		t.Errorf("%s: %v, want a refusal that names %s", cell, err, holder)
	}
}

func TestAClusterServesOneCell(t *testing.T) {
	c := claiming(t, everybody)
	expectClaim(t, c, second, "t-a", "")
	expectClaim(t, c, second, "t-b", "the Cell t-a")
	expectClaim(t, c, second, "t-a", "")
	expectClaim(t, c, "third", "t-b", "")
}

// TestOneOfManyGetsTheCluster: and all others are told the same name.
func TestOneOfManyGetsTheCluster(t *testing.T) {
	c := claiming(t, everybody)
	var won atomic.Int32
	var all sync.WaitGroup
	for _, cell := range []string{"t-a", "t-b", "t-c", "t-d", "t-e", "t-f"} {
		all.Go(func() {
			if c.Claim(context.Background(), &Cluster{UID: second}, cell) == nil {
				won.Add(1)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 {
		t.Errorf("%d cells got it, want one", won.Load())
	}
}

func TestTheHubIsNobodysOwnCluster(t *testing.T) {
	expectClaim(t, claiming(t, everybody), hubsUID, "t-a", "the operator runs in")
}

// TestTheRecordOutlivesTheProcess: a new one finds in the status of Cells who has
// what, and of two that ever recorded one cluster the older keeps it.
func TestTheRecordOutlivesTheProcess(t *testing.T) {
	c := claiming(t, everybody, recorded("t-b", time.Minute), recorded("t-a", time.Second))
	expectClaim(t, c, second, "t-c", "the Cell t-b")
	expectClaim(t, c, second, "t-a", "the Cell t-b")
	expectClaim(t, c, second, "t-b", "")
}

// TestAClaimEndsWithTheCell: and when the cell is found to be in another cluster.
func TestAClaimEndsWithTheCell(t *testing.T) {
	gone := ""
	c := claiming(t, func(cell string) bool { return cell != gone })
	expectClaim(t, c, second, "t-a", "")
	expectClaim(t, c, second, "t-b", "the Cell t-a")
	gone = "t-a"
	expectClaim(t, c, second, "t-b", "")
	expectClaim(t, c, "third", "t-b", "")
	expectClaim(t, c, second, "t-c", "")
}
