package desired

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"k8s.io/utils/ptr"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

func TestPrivateRanges(t *testing.T) {
	got := PrivateRanges([]v1alpha1.Endpoint{
		{Name: "internet", CIDRs: []string{"0.0.0.0/0", "::/0"}},
		{Name: "b", CIDRs: []string{"10.2.0.0/16", "203.0.113.0/24", "10.1.0.7/16"}, Port: 8080},
		{Name: "a", CIDRs: []string{"10.2.0.0/16"}, Port: 8080},
		{Name: "tls", CIDRs: []string{"fd12::/64", "169.254.169.254/32"}},
	})
	want := []binding.PrivateRange{{CIDR: "10.1.0.0/16", Port: 8080}, {CIDR: "10.2.0.0/16", Port: 8080}, {CIDR: "fd12::/64", Port: 443}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestModelUses: whatever the CRD accepts makes a Binding that runtimes read.
func TestModelUses(t *testing.T) {
	at := v1alpha1.ModelEndpoint{URL: "https://models.example/v1", Model: "m"}
	wanted := &v1alpha1.Models{
		Chat:      &v1alpha1.ChatModel{ModelEndpoint: at},
		Embedding: &v1alpha1.EmbeddingModel{ModelEndpoint: at, Dimensions: 4096, Shorten: ptr.To(true)},
		Reranker:  &v1alpha1.RerankerModel{ModelEndpoint: at, Shape: v1alpha1.RerankTexts},
	}
	var made binding.Models
	for _, use := range ModelUses(wanted) {
		use.Add(&made, binding.ModelEndpoint{URL: use.Endpoint.URL, Model: use.Endpoint.Model, Key: "k"})
	}
	in := BindingInput{
		Tenant: &v1alpha1.Tenant{}, ID: uuid.New(), TransitMount: "transit", Database: binding.Database{Cell: true}, Models: &made,
	}
	in.Tenant.Name = "acme"
	if _, err := binding.Encode(Binding(in)); err != nil {
		t.Error(err)
	}
	if made.Chat.ContextTokens != 8192 || made.Embedding.Dimensions != 4096 || !made.Embedding.Shorten || made.Reranker.Shape != binding.RerankTexts {
		t.Errorf("got %+v, %+v, %+v", made.Chat, made.Embedding, made.Reranker)
	}
	var kept binding.Models
	for _, use := range ModelUses(wanted) {
		use.Keep(&kept)
	}
	of := binding.EmbeddingModel{ModelEndpoint: binding.ModelEndpoint{Model: "m"}, Dimensions: 4096, Shorten: true, Unusable: true}
	if diff := cmp.Diff(binding.Models{Embedding: &of}, kept); diff != "" {
		t.Errorf("(-want +kept):\n%s", diff)
	}
	in.Models = &kept
	if _, err := binding.Encode(Binding(in)); err != nil {
		t.Error(err)
	}
	in.Models = &binding.Models{Private: []binding.PrivateRange{{CIDR: "10.0.0.0/8", Port: 1}}}
	if without := Binding(in); without.Models != nil {
		t.Errorf("a tenant without models has %+v in its Binding", without.Models)
	}
}
