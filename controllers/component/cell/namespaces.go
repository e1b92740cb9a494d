package cell

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/component"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
)

// openDelay is how soon a new namespace is looked at again, to open its cache.
const openDelay = 50 * time.Millisecond

// Namespaces brings about the cell's namespaces, the access to them, their walls
// and their bounds.
type Namespaces struct{}

// Condition implements component.Component.
func (Namespaces) Condition() string { return v1alpha1.ConditionNamespacesReady }

// Needs implements component.Component.
func (Namespaces) Needs(s *Scope) []string {
	if s.Cell.Spec.Cluster != nil {
		return []string{v1alpha1.ConditionClusterReady}
	}
	return nil
}

// Reconcile implements component.Component.
func (Namespaces) Reconcile(ctx context.Context, s *Scope) component.Outcome {
	for _, intent := range s.Set.Namespaces {
		if outcome := s.ownable(intent.GetName()); !outcome.Ready() {
			return outcome
		}
		if outcome := s.applyNamespace(ctx, intent); !outcome.Ready() {
			return outcome
		}
	}
	if outcome := s.applyAll(ctx, s.Set.Access); !outcome.Ready() {
		return outcome
	}
	if outcome := s.applyAll(ctx, s.Set.Walls); !outcome.Ready() {
		return outcome
	}
	if outcome := s.applyAll(ctx, s.Set.Bounds); !outcome.Ready() {
		return outcome
	}
	if s.Facts.Unreadable != nil {
		return s.accessDenied()
	}
	if (s.Cell.Spec.Runtime != nil && s.Facts.Runtime == nil) || (s.Cell.Spec.Database != nil && s.Facts.Database == nil) {
		return component.Wait(v1alpha1.ReasonBlocked, "waits for the new namespaces to be readable", openDelay)
	}
	if err := errors.Join(s.Set.Refused...); err != nil { // one closed endpoint must hold nobody else up
		return component.Outcome{Reason: v1alpha1.ReasonEndpointRefused, Message: err.Error() + "; everything else is in place"}
	}
	return component.Outcome{}
}

// accessDenied says where the operator's rights are older than the operator.
func (s *Scope) accessDenied() component.Outcome {
	folder := "config/rbac"
	if s.Cell.Spec.Cluster != nil {
		folder = "config/remote, in the cell's cluster,"
	}
	return component.Wait(v1alpha1.ReasonAccessDenied, s.Facts.Unreadable.Error()+"; apply "+folder+" of this version of the operator", operatorProbe)
}

// ownable reports whether a namespace is the cell's, or can become it. Labels
// prove nothing: a namespace is known by its UID.
func (s *Scope) ownable(name string) component.Outcome {
	live := s.Facts.Namespaces[name]
	recorded := recordedUID(s.Cell, name)
	switch {
	case live == nil && recorded == "":
		return component.Outcome{}
	case live == nil:
		return component.Stall(v1alpha1.ReasonForeignNamespace, fmt.Sprintf(
			"namespace %s (UID %s) is gone; restore it, or create an empty one and annotate this Cell with %s=%s=<its UID>",
			name, recorded, v1alpha1.AnnotationAdoptNamespaces, name))
	case live.DeletionTimestamp != nil:
		return component.Wait(v1alpha1.ReasonNamespaceTerminating, "namespace "+name+" is being deleted", 5*time.Second)
	case recorded == string(live.UID), recorded == "" && s.madeFor(live), s.adopted(live):
		return component.Outcome{}
	}
	return component.Stall(v1alpha1.ReasonForeignNamespace, fmt.Sprintf(
		"namespace %s exists and is not this cell's; use a Cell of another name, or annotate this one with %s=%s=%s to take it over",
		name, v1alpha1.AnnotationAdoptNamespaces, name, live.UID))
}

// madeFor reports whether we made the namespace and were stopped before
// recording it.
func (s *Scope) madeFor(live *corev1.Namespace) bool {
	return live.Labels[desired.LabelManagedBy] == desired.ManagedBy &&
		live.Annotations[desired.AnnotationOwner] == string(s.Cell.UID)
}

// adopted reports whether a human named this very namespace on the Cell.
func (s *Scope) adopted(live *corev1.Namespace) bool {
	entries := strings.Split(s.Cell.Annotations[v1alpha1.AnnotationAdoptNamespaces], ",")
	return slices.Contains(entries, live.Name+"="+string(live.UID))
}

func (s *Scope) applyNamespace(ctx context.Context, intent *unstructured.Unstructured) component.Outcome {
	if s.Facts.Namespaces[intent.GetName()] == nil {
		if outcome := s.makeNamespace(ctx, intent); !outcome.Ready() {
			return outcome
		}
	}
	applier := *s.Applier
	applier.Owned = func(map[string]string) bool { return true } // ownable proved more than labels can
	live, _, err := applier.Apply(ctx, namespaceReader(s.Facts.Namespaces), intent)
	if err != nil {
		return failed(err)
	}
	s.record(live.GetName(), string(live.GetUID()))
	return component.Outcome{}
}

// makeNamespace makes what proves a namespace to be the cell's. Unlike an apply it
// cannot take over one that somebody else made since the facts were read.
func (s *Scope) makeNamespace(ctx context.Context, intent *unstructured.Unstructured) component.Outcome {
	made := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name:        intent.GetName(),
		Labels:      map[string]string{desired.LabelManagedBy: desired.ManagedBy},
		Annotations: map[string]string{desired.AnnotationOwner: string(s.Cell.UID)},
	}}
	err := s.Applier.Client.Create(ctx, made)
	if apierrors.IsAlreadyExists(err) {
		return component.Wait(v1alpha1.ReasonBlocked, "namespace "+made.Name+" appeared meanwhile and is looked at again", openDelay)
	} else if err != nil {
		return failed(fmt.Errorf("namespace %s: %w", made.Name, err))
	}
	s.Facts.Namespaces[made.Name] = made
	return component.Outcome{}
}

// Recorded is a live namespace that was recorded, by its UID, as the cell's; nil for
// one that is gone, or not the cell's.
func Recorded(c *v1alpha1.Cell, facts Facts, name string) *corev1.Namespace {
	namespace := facts.Namespaces[name]
	if namespace == nil || recordedUID(c, name) != string(namespace.UID) {
		return nil
	}
	return namespace
}

func recordedUID(c *v1alpha1.Cell, name string) string {
	for _, n := range c.Status.Namespaces {
		if n.Name == name {
			return n.UID
		}
	}
	return ""
}

func (s *Scope) record(name, uid string) {
	for i, n := range s.Cell.Status.Namespaces {
		if n.Name == name {
			s.Cell.Status.Namespaces[i].UID = uid
			return
		}
	}
	s.Cell.Status.Namespaces = append(s.Cell.Status.Namespaces, v1alpha1.OwnedNamespace{Name: name, UID: uid})
}
