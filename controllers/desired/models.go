package desired

import (
	"cmp"
	"slices"

	"k8s.io/utils/ptr"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// The keys of a Secret in ModelsNamespace.
const (
	ModelAPIKey = "apiKey"
	ModelOrigin = "origin" // of the API that the key may be sent to
)

// ModelUse is a model that a tenant wants, and how it comes into a Binding.
type ModelUse struct {
	Field    string // of the Tenant
	Endpoint v1alpha1.ModelEndpoint
	// Add puts the model, at an endpoint with its key, into a Binding's models.
	Add func(to *binding.Models, at binding.ModelEndpoint)
	// Keep has a Binding say that the model is the tenant's though it can not be used, so
	// that what was made by it is kept.
	Keep func(in *binding.Models)
}

// ModelUses are the models that a tenant wants, in the order of its fields.
func ModelUses(wanted *v1alpha1.Models) []ModelUse {
	var uses []ModelUse
	if m := wanted.Chat; m != nil {
		uses = append(uses, ModelUse{"spec.models.chat", m.ModelEndpoint, func(to *binding.Models, at binding.ModelEndpoint) {
			to.Chat = &binding.ChatModel{ModelEndpoint: at, ContextTokens: int(cmp.Or(m.ContextTokens, 8192))}
		}, nothing})
	}
	if m := wanted.Embedding; m != nil {
		uses = append(uses, ModelUse{"spec.models.embedding", m.ModelEndpoint, func(to *binding.Models, at binding.ModelEndpoint) {
			to.Embedding = embedding(m, at)
		}, func(in *binding.Models) {
			if len(m.Model) <= binding.MaxModelName {
				in.Embedding = embedding(m, binding.ModelEndpoint{Model: m.Model})
				in.Embedding.Unusable = true
			}
		}})
	}
	if m := wanted.Reranker; m != nil {
		uses = append(uses, ModelUse{"spec.models.reranker", m.ModelEndpoint, func(to *binding.Models, at binding.ModelEndpoint) {
			to.Reranker = &binding.RerankerModel{ModelEndpoint: at, Shape: binding.RerankShape(m.Shape)}
		}, nothing})
	}
	return uses
}

func embedding(m *v1alpha1.EmbeddingModel, at binding.ModelEndpoint) *binding.EmbeddingModel {
	return &binding.EmbeddingModel{ModelEndpoint: at, Dimensions: int(m.Dimensions), Shorten: ptr.Deref(m.Shorten, false)}
}

// nothing is what is kept of most models.
func nothing(*binding.Models) {}

// PrivateRanges are those of a Plan's model endpoints that are private as a whole.
func PrivateRanges(endpoints []v1alpha1.Endpoint) []binding.PrivateRange {
	var private []binding.PrivateRange
	for _, e := range endpoints {
		for _, cidr := range e.CIDRs {
			if network, err := binding.ParsePrivate(cidr); err == nil {
				private = append(private, binding.PrivateRange{CIDR: network.String(), Port: uint16(cmp.Or(e.Port, defaultEndpointPort))})
			}
		}
	}
	slices.SortFunc(private, func(a, b binding.PrivateRange) int {
		return cmp.Or(cmp.Compare(a.CIDR, b.CIDR), cmp.Compare(a.Port, b.Port))
	})
	return slices.Compact(private)
}

// someModels is nil when a tenant has no model.
func someModels(m *binding.Models) *binding.Models {
	if m == nil || m.Chat == nil && m.Embedding == nil && m.Reranker == nil {
		return nil
	}
	return m
}
