package cell

import (
	"context"
	"errors"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/apply"
	"github.com/bulkhead-dev/bulkhead/controllers/component"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
)

// applyAll applies objects in order and stops at the first that cannot be.
func (s *Scope) applyAll(ctx context.Context, objects []*unstructured.Unstructured) component.Outcome {
	for _, object := range objects {
		_, wrote, err := s.Applier.Apply(ctx, s.reader(object.GetNamespace()), object)
		if err != nil {
			return failed(err)
		}
		if wrote {
			s.wrote = append(s.wrote, object.GetKind())
		}
	}
	return component.Outcome{}
}

// reader is the cache of a namespace, nil until it is open.
func (s *Scope) reader(namespace string) client.Reader {
	switch namespace {
	case desired.RuntimeNamespace(s.Cell.Name):
		return s.Facts.Runtime
	case desired.DatabaseNamespace(s.Cell.Name):
		return s.Facts.Database
	}
	return nil
}

func failed(err error) component.Outcome {
	if errors.Is(err, apply.ErrForeign) {
		return component.Stall(v1alpha1.ReasonForeignObject,
			err.Error()+"; rename or remove it, or make a Cell of another name")
	}
	return component.Fail(err)
}
