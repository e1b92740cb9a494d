package tenants

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/runtime/outgoing"
)

// TestModelsReachWhatIsAllowed: a tenant that names a private address reaches it when
// the platform allows that range at that port, and not otherwise.
func TestModelsReachWhatIsAllowed(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"results":[{"index":0,"relevance_score":1}]}`)
	}))
	t.Cleanup(server.Close)
	address := strings.TrimPrefix(server.URL, "http://")
	var port uint16
	if _, err := fmt.Sscanf(address, "127.0.0.1:%d", &port); err != nil {
		t.Fatal(err)
	}
	rank := func(url string, private ...binding.PrivateRange) error {
		at := binding.ModelEndpoint{URL: url, Model: "m"}
		m, err := newModels(&binding.Models{Reranker: &binding.RerankerModel{ModelEndpoint: at}, Private: private})
		if err != nil {
			return err
		}
		defer m.close()
		_, err = m.Reranker.Rank(t.Context(), "q", []string{"a"}, 1)
		return err
	}
	it := binding.PrivateRange{CIDR: "127.0.0.0/8", Port: port}
	anotherPort, others := binding.PrivateRange{CIDR: it.CIDR, Port: port + 1}, binding.PrivateRange{CIDR: "10.0.0.0/8", Port: port}
	for name, private := range map[string][]binding.PrivateRange{"nothing": nil, "another port": {anotherPort}, "others": {others}} {
		if err := rank("https://"+address, private...); !errors.Is(err, outgoing.ErrAddress) {
			t.Errorf("%s is allowed, and the error is %v", name, err)
		}
	}
	if err := rank("http://"+address, anotherPort); err == nil || !strings.Contains(err.Error(), "has no TLS") {
		t.Errorf("without TLS: %v", err)
	}
	if err := rank("http://"+address, others, it); err != nil {
		t.Errorf("it is allowed, and the error is %v", err)
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
