package server

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/bulkhead-dev/bulkhead/runtime/corpus"
	"github.com/bulkhead-dev/bulkhead/runtime/ingest"
)

// TestSlowEmbedder: only where a file is sent is it said how to send it for later.
func TestSlowEmbedder(t *testing.T) {
	slow := new(corpus.EmbedderError) // of no model's error: the time was over
	for err, says := range map[error]string{slow: "Send the request again after Retry-After", suggestAsync(slow): respondAsync} {
		p := problemOf(err)
		if p.status != 503 || p.code != ingest.CodeEmbedder || p.retryAfter == 0 || !strings.Contains(p.message, says) {
			t.Errorf("%+v does not say %q", p, says)
		}
	}
	if strings.Contains(problemOf(slow).message, respondAsync) {
		t.Error("it is suggested to every route")
	}
	for _, err := range []error{context.DeadlineExceeded, errGone} {
		if got := suggestAsync(err); !errors.Is(got, err) || problemOf(got) != problemOf(err) {
			t.Errorf("%v became %v", err, got)
		}
	}
}
