package corpus

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/tenants"
)

// plainKEK wraps nothing.
type plainKEK struct{}

func (plainKEK) Ref() string                                           { return "plain" }
func (plainKEK) Wrap(_ context.Context, key, _ []byte) (string, error) { return string(key), nil }
func (plainKEK) Unwrap(_ context.Context, wrapped string, _ []byte) ([]byte, error) {
	return []byte(wrapped), nil
}

func TestLargestDocumentIsSealed(t *testing.T) {
	tenant := uuid.New()
	wrapped, err := seal.Generate(t.Context(), tenant, plainKEK{})
	if err != nil {
		t.Fatal(err)
	}
	keys := seal.NewKeyring(tenant, time.Hour, time.Now)
	if err := keys.Renew(t.Context(), plainKEK{}, wrapped); err != nil {
		t.Fatal(err)
	}
	line := []byte("A line of text that is as long as lines of texts happen to be, more or less so.\n")
	text := bytes.Repeat(line, MaxDocument/len(line)+1)[:MaxDocument]
	largest, up := &prepared{}, Upload{ExternalID: "largest", Text: text}
	if err := largest.seal(keys, up); err != nil {
		t.Fatal(err)
	}
	if err := (&Corpus{}).index(t.Context(), Request{Tenant: &tenants.Tenant{Keys: keys}}, largest, up); err != nil {
		t.Fatal(err)
	}
	if _, err := largest.part.seal(keys, spaces{}); err != nil {
		t.Error(err)
	}
}
