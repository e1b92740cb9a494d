package tenants

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/runtime/outgoing"
)

// TestModelsReachWhatIsAllowed: a tenant that names a private address reaches it when
// the platform allows that range at that port, and not otherwise.
func TestModelsReachWhatIsAllowed(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	address := strings.TrimPrefix(server.URL, "https://")
	var port uint16
	if _, err := fmt.Sscanf(address, "127.0.0.1:%d", &port); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		private []binding.PrivateRange
		want    string
	}{
		"nothing":      {nil, outgoing.ErrAddress.Error()},
		"another port": {[]binding.PrivateRange{{CIDR: "127.0.0.0/8", Port: 1}}, outgoing.ErrAddress.Error()},
		"others":       {[]binding.PrivateRange{{CIDR: "10.0.0.0/8", Port: port}}, outgoing.ErrAddress.Error()},
		"it":           {[]binding.PrivateRange{{CIDR: "127.0.0.0/8", Port: port}}, "its certificate is not trusted"}, // reached
	} {
		t.Run(name, func(t *testing.T) {
			m, err := newModels(&binding.Models{
				Reranker: &binding.RerankerModel{ModelEndpoint: binding.ModelEndpoint{URL: server.URL, Model: "m"}}, Private: c.private,
			})
			if err != nil {
				t.Fatal(err)
			}
			defer m.close()
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond) // too short for a second attempt
			defer cancel()
			_, err = m.Reranker.Rank(ctx, "q", []string{"a"}, 1)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v, want %q", err, c.want)
			}
		})
	}
}

func TestModelsAreKeptWhileTheyDoNotChange(t *testing.T) {
	named := func(model string) binding.Binding {
		return binding.Binding{Models: &binding.Models{Chat: &binding.ChatModel{ModelEndpoint: binding.ModelEndpoint{URL: "https://models.example/v1", Model: model}}}}
	}
	at := func(b binding.Binding) *Tenant {
		m, err := newModels(b.Models)
		if err != nil {
			t.Fatal(err)
		}
		return &Tenant{Binding: b, Models: m}
	}
	first := at(named("a"))
	chat := first.Models.Chat
	if kept := (&entry{tenant: first}).with(at(named("a"))).tenant; kept.Models.Chat != chat {
		t.Error("the client of an unchanged model was replaced")
	}
	if changed := (&entry{tenant: first}).with(at(named("b"))).tenant; changed.Models.Chat == chat {
		t.Error("a model changed and its client did not")
	}
	if none := (&entry{tenant: first}).with(&Tenant{}).tenant; none.Models.Chat != nil {
		t.Error("a model was taken away and its client stayed")
	}
}
