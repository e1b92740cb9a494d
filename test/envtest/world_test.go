package envtest

import (
	"context"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/test/understudy"
)

// world plays, for one cell, what envtest lacks: the understudy's parts, and the
// runtime's acknowledgements.
type world struct {
	cell string
	// api is the cluster in which the cell is.
	api client.Client
	// key is what the runtime says of every tenant's key.
	key binding.KeyState
	// silent keeps the runtime from acknowledging.
	silent bool
	// failMigration makes the migration Job fail.
	failMigration bool
	// withoutDatabase means that CloudNativePG is not installed.
	withoutDatabase bool
	// gateway judges routes; nil for nobody.
	gateway *gateway
}

// turn lets the world do whatever is due.
func (w *world) turn(ctx context.Context) {
	if !w.withoutDatabase {
		Expect(understudy.Database(ctx, w.api, w.cell, string(adminConfig.CAData))).To(Succeed())
	}
	Expect(understudy.Migrations(ctx, w.api, w.cell, w.failMigration)).To(Succeed())
	Expect(understudy.Deployment(ctx, w.api, w.cell, "runtime-a", "runtime-b")).To(Succeed())
	if !w.silent {
		w.acknowledge(ctx)
	}
	if w.gateway != nil {
		w.gateway.judge(ctx, desired.RuntimeNamespace(w.cell))
	}
}

// acknowledge writes what every Ready pod says of every Binding.
func (w *world) acknowledge(ctx context.Context) {
	namespace := desired.RuntimeNamespace(w.cell)
	var bindings corev1.SecretList
	Expect(w.api.List(ctx, &bindings, client.InNamespace(namespace), client.MatchingLabels{binding.LabelKind: binding.KindBinding})).To(Succeed())
	data := map[string]string{}
	for _, secret := range bindings.Items {
		b, err := binding.Decode(secret.Data[binding.SecretKey])
		if err != nil {
			continue // the runtime keeps the last good one
		}
		data[b.Tenant.ID.String()] = binding.EncodeAck(binding.Acknowledgement{Revision: binding.Revision(secret.Data[binding.SecretKey]), Key: w.key})
	}
	var pods corev1.PodList
	Expect(w.api.List(ctx, &pods, client.InNamespace(namespace))).To(Succeed())
	for i := range pods.Items {
		w.writeAcks(ctx, &pods.Items[i], data)
	}
}

func (w *world) writeAcks(ctx context.Context, pod *corev1.Pod, data map[string]string) {
	acks := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: pod.Namespace, Name: binding.AckNamePrefix + pod.Name,
			Labels:          map[string]string{binding.LabelKind: binding.KindAck},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "Pod", Name: pod.Name, UID: pod.UID}},
		},
		Data: data,
	}
	if err := w.api.Create(ctx, acks); !apierrors.IsAlreadyExists(err) {
		Expect(err).NotTo(HaveOccurred())
		return
	}
	Expect(w.api.Update(ctx, acks)).To(Succeed())
}

// create makes an object that may be there already.
func create(ctx context.Context, object client.Object) {
	if err := admin.Create(ctx, object); !apierrors.IsAlreadyExists(err) {
		ExpectWithOffset(1, err).NotTo(HaveOccurred())
	}
}

// patience bounds how long a condition may take to come true; pace is how often
// it is looked at. hang bounds what consists of many such waits and fails by theirs.
const (
	patience = 20 * time.Second
	pace     = 10 * time.Millisecond
	hang     = 20 * time.Minute
)
