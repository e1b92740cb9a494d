package binding

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/bulkhead-dev/bulkhead/runtime/binding/metadata"
)

// Bounds of Models.
const (
	MaxModelURL      = 1024 // bytes
	MaxModelName     = 200  // bytes
	MaxModelKey      = 4096 // bytes
	MaxDimensions    = 4096 // as many as the index can hold
	MinContextTokens = 2048
	MaxContextTokens = 1 << 20

	maxPrivateRanges = 512
)

// Models are the models of other people that a tenant uses. It does without those
// that are nil.
type Models struct {
	Chat      *ChatModel      `json:"chat,omitempty"`
	Embedding *EmbeddingModel `json:"embedding,omitempty"`
	Reranker  *RerankerModel  `json:"reranker,omitempty"`
	// Private are where models may be beside the public Internet. Without TLS they
	// may be nowhere else.
	Private []PrivateRange `json:"private,omitempty"`
}

// ModelEndpoint is one model of one API.
type ModelEndpoint struct {
	URL   string `json:"url"` // of the API, such as https://models.example/v1
	Model string `json:"model"`
	Key   string `json:"key,omitempty"` // empty: the API wants none
}

// ChatModel answers conversations.
type ChatModel struct {
	ModelEndpoint
	ContextTokens int `json:"contextTokens,omitempty"` // of question and answer; zero: the runtime's own default
}

// EmbeddingModel turns texts into vectors.
type EmbeddingModel struct {
	ModelEndpoint
	Dimensions int  `json:"dimensions"`
	Shorten    bool `json:"shorten,omitempty"` // the API is asked for so many dimensions
	// Unusable: the model is the tenant's, so its vectors are kept, but can not be asked
	// now. It has neither URL nor key.
	Unusable bool `json:"unusable,omitempty"`
}

// RerankerModel tells how well texts answer a question.
type RerankerModel struct {
	ModelEndpoint
	Shape RerankShape `json:"shape,omitempty"`
}

// RerankShape is in which words an API ranks.
type RerankShape string

// The shapes of a ranking API; empty is RerankDocuments.
const (
	RerankDocuments RerankShape = "Documents" // of Cohere, Jina, vLLM and Infinity
	RerankTexts     RerankShape = "Texts"     // of Text Embeddings Inference
)

// PrivateRange is addresses that are not of the public Internet, at one port.
type PrivateRange struct {
	CIDR string `json:"cidr"`
	Port uint16 `json:"port"`
}

// privateRanges are what a PrivateRange is part of.
var privateRanges = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("100.64.0.0/10"), // shared by customers of a provider
	netip.MustParsePrefix("127.0.0.0/8"),   // a sidecar of the runtime
	netip.MustParsePrefix("fc00::/7"), netip.MustParsePrefix("::1/128"),
}

// ParsePrivate reads a range whose addresses are all private. One that also has
// public addresses says nothing of the private ones in it: whoever writes 0.0.0.0/0
// means the Internet.
func ParsePrivate(cidr string) (netip.Prefix, error) {
	allowed, err := metadata.Allow(cidr)
	if err != nil {
		return netip.Prefix{}, err
	}
	within := func(private netip.Prefix) bool {
		return private.Bits() <= allowed.Range.Bits() && private.Contains(allowed.Range.Addr())
	}
	if !slices.ContainsFunc(privateRanges, within) {
		return netip.Prefix{}, fmt.Errorf("%s has addresses that are not private", allowed.Range)
	}
	return allowed.Range, nil
}

// validate reports the first field that no runtime could use. Errors quote neither
// URLs nor keys.
func (m *Models) validate() error {
	if m == nil {
		return nil
	}
	if len(m.Private) > maxPrivateRanges {
		return fmt.Errorf("binding: models.private: has more than %d ranges", maxPrivateRanges)
	}
	for i, r := range m.Private {
		if _, err := ParsePrivate(r.CIDR); err != nil || r.Port == 0 {
			return fmt.Errorf("binding: models.private[%d]: must be a range of private addresses and a port", i)
		}
	}
	return cmp.Or(m.Chat.validate(m.Private), m.Embedding.validate(m.Private), m.Reranker.validate(m.Private))
}

func (c *ChatModel) validate(private []PrivateRange) error {
	switch {
	case c == nil:
		return nil
	case c.ContextTokens != 0 && (c.ContextTokens < MinContextTokens || c.ContextTokens > MaxContextTokens):
		return fmt.Errorf("binding: models.chat.contextTokens: must be from %d to %d", MinContextTokens, MaxContextTokens)
	}
	return inField("models.chat", c.Check(private))
}

func (e *EmbeddingModel) validate(private []PrivateRange) error {
	switch {
	case e == nil:
		return nil
	case e.Dimensions < 1 || e.Dimensions > MaxDimensions:
		return fmt.Errorf("binding: models.embedding.dimensions: must be from 1 to %d", MaxDimensions)
	case e.Unusable:
		return inField("models.embedding", e.checkUnusable())
	}
	return inField("models.embedding", e.Check(private))
}

func (r *RerankerModel) validate(private []PrivateRange) error {
	switch {
	case r == nil:
		return nil
	case r.Shape != "" && r.Shape != RerankDocuments && r.Shape != RerankTexts:
		return fmt.Errorf("binding: models.reranker.shape: %q is unknown", r.Shape)
	}
	return inField("models.reranker", r.Check(private))
}

func inField(field string, err error) error {
	if err != nil {
		return fmt.Errorf("binding: %s.%w", field, err)
	}
	return nil
}

// Check reports the first field of an endpoint that can not be used where models may
// be at private addresses as listed.
func (e ModelEndpoint) Check(private []PrivateRange) error {
	u, err := url.Parse(e.URL)
	switch {
	case !e.named():
		return errName
	case err != nil || len(e.URL) > MaxModelURL, u.Scheme != "https" && u.Scheme != "http", !isHost(u.Hostname()),
		portOf(u) == 0, u.User != nil, u.RawQuery != "", u.ForceQuery, u.Fragment != "":
		return fmt.Errorf("url: must be such as https://models.example/v1, of at most %d bytes, without user, query or fragment", MaxModelURL)
	case u.Scheme == "http" && !slices.ContainsFunc(private, func(r PrivateRange) bool { return r.Port == portOf(u) }):
		return fmt.Errorf("url: has no TLS, and no private address is allowed at port %d: use https, or add one to the modelEndpoints of the Plan", portOf(u))
	case len(e.Key) > MaxModelKey || strings.ContainsFunc(e.Key, func(r rune) bool { return r <= ' ' || r > '~' }):
		return fmt.Errorf("key: must be at most %d printable ASCII characters without blanks", MaxModelKey)
	}
	return nil
}

// errName: the name of a model is none.
var errName = fmt.Errorf("model: must have 1 to %d bytes", MaxModelName)

func (e ModelEndpoint) named() bool { return e.Model != "" && len(e.Model) <= MaxModelName }

// checkUnusable reports the first field of an endpoint that is not to be asked.
func (e ModelEndpoint) checkUnusable() error {
	switch {
	case !e.named():
		return errName
	case e.URL != "" || e.Key != "":
		return errors.New("unusable: leaves no url and no key")
	}
	return nil
}

// At reports whether the endpoint is of an origin such as https://models.example.
func (e ModelEndpoint) At(origin string) bool {
	ours, err1 := url.Parse(e.URL)
	theirs, err2 := url.Parse(origin)
	return err1 == nil && err2 == nil && ours.Scheme == theirs.Scheme && portOf(ours) == portOf(theirs) &&
		strings.EqualFold(ours.Hostname(), theirs.Hostname()) && theirs.User == nil && strings.Trim(theirs.Path, "/") == ""
}

// isHost reports whether a host is a lower-case DNS name or an address.
func isHost(host string) bool {
	address, err := netip.ParseAddr(host)
	return err == nil && address.Zone() == "" || len(validation.IsDNS1123Subdomain(host)) == 0
}

// portOf is where a URL leads; zero when its port is none.
func portOf(u *url.URL) uint16 {
	text := u.Port()
	if text == "" {
		return map[string]uint16{"https": 443, "http": 80}[u.Scheme]
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return 0
	}
	return uint16(port)
}
