package tenant

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/component"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// ackPoll is how often missing acknowledgements are looked for, besides being
// woken by one: a pod that goes away wakes nobody.
const ackPoll = 5 * time.Second

// acknowledged compares what every serving pod of a cell says of a tenant with
// the Binding's revision.
func acknowledged(ctx context.Context, reader client.Reader, cell string, id uuid.UUID, revision string) (component.Outcome, error) {
	var pods corev1.PodList
	if err := reader.List(ctx, &pods, client.MatchingLabels(desired.RuntimePod(cell)), client.UnsafeDisableDeepCopy); err != nil {
		return component.Outcome{}, err
	}
	serving, key := 0, component.Outcome{}
	for i := range pods.Items {
		if !serves(&pods.Items[i]) {
			continue
		}
		serving++
		outcome, err := acknowledgement(ctx, reader, &pods.Items[i], id, revision)
		if err != nil || outcome.Reason == v1alpha1.ReasonAwaitingAcknowledgement {
			return outcome, err // whatever the other pods say of the key
		}
		if !outcome.Ready() {
			key = outcome
		}
	}
	if serving == 0 {
		return component.Wait(v1alpha1.ReasonRuntimeStarting, fmt.Sprintf("no runtime pod of the Cell %s serves", cell), ackPoll), nil
	}
	return key, nil
}

// serves reports whether a pod gets requests.
func serves(pod *corev1.Pod) bool {
	if pod.DeletionTimestamp != nil {
		return false
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

func acknowledgement(ctx context.Context, reader client.Reader, pod *corev1.Pod, id uuid.UUID, revision string) (component.Outcome, error) {
	awaiting := component.Wait(v1alpha1.ReasonAwaitingAcknowledgement, "a runtime pod has not taken up the current Binding yet", ackPoll)
	var acks corev1.ConfigMap
	key := client.ObjectKey{Namespace: pod.Namespace, Name: binding.AckNamePrefix + pod.Name}
	err := reader.Get(ctx, key, &acks, client.UnsafeDisableDeepCopy) // it speaks of all tenants of the cell, and is only read here
	switch {
	case apierrors.IsNotFound(err):
		return awaiting, nil
	case err != nil:
		return component.Outcome{}, err
	case !ownedBy(&acks, pod):
		return awaiting, nil
	}
	text, ok := acks.Data[id.String()]
	if !ok {
		return awaiting, nil
	}
	ack, err := binding.DecodeAck(text)
	switch {
	case err != nil, ack.Revision != revision:
		return awaiting, nil //nolint:nilerr // what cannot be read acknowledges nothing
	case ack.Database == binding.DatabaseUnreachable:
		return component.Wait(v1alpha1.ReasonDatabaseUnreachable, "a runtime pod cannot reach, or log in to, the tenant's own database", ackPoll), nil
	case ack.Database == binding.DatabaseUnproven:
		return component.Wait(v1alpha1.ReasonDatabaseUnproven, "a runtime pod finds the tenant's own database without this version's migrations or walls; look at its migration Job", ackPoll), nil
	case ack.Key == binding.KeyDenied:
		return component.Wait(v1alpha1.ReasonKeyDenied, "a runtime pod is refused the tenant's key; check the key, its role and its policy in Vault", ackPoll), nil
	case ack.Key == binding.KeyUnreachable:
		return component.Wait(v1alpha1.ReasonKeyUnreachable, "a runtime pod cannot reach the tenant's key in Vault", ackPoll), nil
	}
	return component.Outcome{}, nil
}

// ownedBy keeps an acknowledgement of a former pod of the same name from counting.
func ownedBy(acks *corev1.ConfigMap, pod *corev1.Pod) bool {
	for _, owner := range acks.OwnerReferences {
		if owner.UID == pod.UID {
			return true
		}
	}
	return false
}
