package clusters

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
)

// TestRenewReviewer: a token that was replaced is taken up, and who holds the cluster
// as it was keeps it. Vault never gets an empty one.
func TestRenewReviewer(t *testing.T) {
	there := fake.NewClientBuilder().Build()
	before := &Cluster{UID: second, Live: there, Reviewer: &Reviewer{Host: "https://192.0.2.1", CA: "CA", Token: "old"}}
	r := &remote{cluster: before}
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: reviewerSecret.Namespace, Name: reviewerSecret.Name}}
	for _, step := range []struct {
		name, token, want string
		write             func(context.Context, client.Object) error
		changed           bool
	}{
		{name: "deleted", want: "old"},
		{name: "made anew, and not filled yet", want: "old", write: func(ctx context.Context, o client.Object) error { return there.Create(ctx, o) }},
		{name: "filled", token: "new", want: "new", write: func(ctx context.Context, o client.Object) error { return there.Update(ctx, o) }, changed: true},
		{name: "as it was", want: "new"},
	} {
		if step.write != nil {
			secret.Data = map[string][]byte{corev1.ServiceAccountTokenKey: []byte(step.token)}
			if err := step.write(t.Context(), secret); err != nil {
				t.Fatal(err)
			}
		}
		changed := r.renewReviewer(t.Context())
		if got := *r.cluster.Reviewer; changed != step.changed || got != (Reviewer{Host: "https://192.0.2.1", CA: "CA", Token: step.want}) {
			t.Errorf("%s: %+v, changed %v; want the token %s, changed %v", step.name, got, changed, step.want, step.changed)
		}
	}
	if before.Reviewer.Token != "old" || r.cluster.UID != second {
		t.Errorf("before %+v, after %+v", before, r.cluster)
	}
}

// TestAWithdrawnKubeconfigIsNotUsed: the cluster is probed, and never again once the
// kubeconfig is gone.
func TestAWithdrawnKubeconfigIsNotUsed(t *testing.T) {
	probed := make(chan struct{}, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		probed <- struct{}{}
	}))
	defer server.Close()
	var gone atomic.Bool
	r := &remote{
		config: &rest.Config{Host: server.URL}, failed: make(chan struct{}, 1), options: Options{Changed: func(context.Context) {}},
		withdrawn: func(context.Context) bool { return gone.Load() },
	}
	ended := make(chan struct{})
	go func() { r.run(t.Context()); close(ended) }()
	<-probed
	gone.Store(true)
	r.failed <- struct{}{} // or ten seconds later
	select {
	case <-ended:
	case <-probed:
		t.Error("it was probed again")
	case <-time.After(probeInterval / 2):
		t.Error("it goes on")
	}
}
