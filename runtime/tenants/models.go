package tenants

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/runtime/model"
	"github.com/bulkhead-dev/bulkhead/runtime/outgoing"
)

// Models are the clients of the models that a tenant uses; nil: it has no such one.
type Models struct {
	Chat          *model.Chat
	ContextTokens int // of Chat: question and answer; zero: not known
	Embedder      *model.Embedder
	Reranker      *model.Reranker

	clients []*outgoing.Client
}

// newModels makes clients and connects to nothing. Each model has a client of its
// own, so that many texts to embed keep no question waiting.
func newModels(b *binding.Models) (m Models, err error) {
	if b == nil {
		return Models{}, nil
	}
	if b.Chat != nil {
		m.ContextTokens = b.Chat.ContextTokens
		if m.Chat, err = connect(&m, b.Chat.ModelEndpoint, b.Private, model.NewChat); err != nil {
			return Models{}, fmt.Errorf("models.chat: %w", err)
		}
	}
	if b.Embedding != nil {
		if m.Embedder, err = newEmbedder(&m, b.Embedding, b.Private); err != nil {
			return Models{}, fmt.Errorf("models.embedding: %w", err)
		}
	}
	if r := b.Reranker; r != nil {
		m.Reranker, err = connect(&m, r.ModelEndpoint, b.Private, func(d model.Doer, at model.Endpoint) (*model.Reranker, error) {
			return model.NewReranker(d, at, shapes[r.Shape])
		})
		if err != nil {
			return Models{}, fmt.Errorf("models.reranker: %w", err)
		}
	}
	return m, nil
}

func newEmbedder(m *Models, e *binding.EmbeddingModel, private []binding.PrivateRange) (*model.Embedder, error) {
	c := model.EmbedderConfig{Endpoint: model.Endpoint{Model: e.Model}, Dimensions: e.Dimensions, Shorten: e.Shorten}
	if e.Unusable {
		return model.NewUnusableEmbedder(c), nil
	}
	return connect(m, e.ModelEndpoint, private, func(d model.Doer, at model.Endpoint) (*model.Embedder, error) {
		c.Endpoint = at
		return model.NewEmbedder(d, c)
	})
}

var shapes = map[binding.RerankShape]model.Shape{
	"": model.Documents, binding.RerankDocuments: model.Documents, binding.RerankTexts: model.Texts,
}

// connect makes the client of one endpoint, which reaches that origin and no other.
func connect[C any](m *Models, e binding.ModelEndpoint, private []binding.PrivateRange, speak func(model.Doer, model.Endpoint) (C, error)) (made C, err error) {
	origin, err := originOf(e.URL)
	if err != nil {
		return made, err
	}
	networks, err := networksAt(origin.Port, private)
	if err != nil {
		return made, err
	}
	client, err := outgoing.NewClient(outgoing.Config{Allowed: []outgoing.Allowed{{Origin: origin, Networks: networks}}})
	if err != nil {
		return made, err
	}
	m.clients = append(m.clients, client)
	return speak(client, model.Endpoint{URL: e.URL, Model: e.Model, Key: model.Key(e.Key)})
}

func originOf(text string) (outgoing.Origin, error) {
	u, err := url.Parse(text)
	if err != nil {
		return outgoing.Origin{}, errors.New("url: is none")
	}
	return outgoing.OriginOf(u)
}

// networksAt are the private ranges at a port.
func networksAt(port uint16, private []binding.PrivateRange) ([]netip.Prefix, error) {
	var networks []netip.Prefix
	for _, r := range private {
		network, err := binding.ParsePrivate(r.CIDR)
		if err != nil {
			return nil, err
		}
		if r.Port == port {
			networks = append(networks, network)
		}
	}
	return networks, nil
}

// close ends the connections that no request uses.
func (m Models) close() {
	for _, client := range m.clients {
		client.Close()
	}
}
