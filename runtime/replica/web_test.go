package replica_test

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/runtime/web"
)

// TestWebPageInABrowser runs test/web in a headless Chromium.
func TestWebPageInABrowser(t *testing.T) {
	left := make(chan struct{}, 1)
	api := newLLM(t, func(w http.ResponseWriter, r *http.Request) {
		var question struct{ Messages []struct{ Content string } }
		if err := json.NewDecoder(r.Body).Decode(&question); err != nil {
			t.Error(err)
		}
		if !strings.Contains(question.Messages[1].Content, "slow") {
			says(w, "It hovers [", "1], says the", " page, [7] of it.")
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = w.Write([]byte(`data: {"choices":[{"delta":{"content":"It comes slowly."}}]}` + "\n\n"))
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		left <- struct{}{}
	})
	c := newCell(t)
	model, quote := c.tenant(t, "acme", api.chats), c.tenant(t, "globex")
	limited := c.tenant(t, "initech", func(b *binding.Binding) { b.Limits.RequestsPerMinute = 5 })
	embedder := newEmbedder(t)
	degraded := c.tenant(t, "umbrella", embedder.embeds("m"))
	n := c.start(t, "runtime-0")
	expect(t, n.ask(t, degraded, "PUT", "/v1/documents/birds", "The kestrel hovers."), 201, "")
	embedder.status.Store(http.StatusUnauthorized)

	browser := exec.CommandContext(t.Context(), "node", "--test", "--test-reporter=spec", "page.test.mjs")
	browser.Dir = "../../test/web"
	browser.Env = append(os.Environ(), "BULKHEAD_URL="+n.url, "MODEL_KEY="+model.key, "QUOTE_KEY="+quote.key, "LIMITED_KEY="+limited.key, "DEGRADED_KEY="+degraded.key,
		"READING_KEY="+n.user(t, quote, "alice", "read").key)
	if said, err := browser.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, said)
	}
	select {
	case <-left:
	case <-time.After(5 * time.Second):
		t.Error("the model was not told that nobody listens any more")
	}
}

func TestWebPageIsServedStrictly(t *testing.T) {
	n := newCell(t).start(t, "runtime-0")
	for path, media := range map[string]string{
		"/": "text/html; charset=utf-8", "/web/page.css": "text/css; charset=utf-8",
		"/web/main.js": "text/javascript; charset=utf-8", "/web/icon.svg": "image/svg+xml",
	} {
		r := expect(t, n.send(t, "GET", path, nil, nil), 200, "")
		for name, want := range map[string]string{
			"Content-Type": media, "Content-Security-Policy": web.ContentSecurityPolicy, "X-Content-Type-Options": "nosniff",
			"Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
			"Cache-Control": "no-cache",
		} {
			if got := r.header.Get(name); got != want {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
		again := n.send(t, "GET", path, nil, map[string]string{"If-None-Match": r.header.Get("ETag")})
		if again.status != http.StatusNotModified || len(again.body) != 0 {
			t.Errorf("%s again: %d %s", path, again.status, again.body)
		}
	}
	for _, path := range []string{"/web/none.js", "/web/..%2Fweb.go", "/web/", "/index.html"} {
		if r := n.send(t, "GET", path, nil, nil); r.status < 400 {
			t.Errorf("%s: %d %s", path, r.status, r.body)
		}
	}
}
