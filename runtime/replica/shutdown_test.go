package replica_test

import (
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// Readiness fails first, so that traffic goes elsewhere while it is still answered.
func TestShutdownDrains(t *testing.T) {
	c := newCell(t)
	c.grace = 5 * time.Second
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	var stopping sync.WaitGroup
	stopping.Go(n.stop)
	wait(t, "still ready", func() error {
		if err := n.probe("/readyz"); err == nil || !strings.Contains(err.Error(), "shutting down") {
			return errors.New("ready")
		}
		return nil
	})
	expect(t, n.ask(t, acme, "GET", "/v1/documents", ""), 200, "")
	if err := n.probe("/healthz"); err != nil {
		t.Error(err)
	}
	stopping.Wait()
	if conn, err := net.Dial("tcp", strings.TrimPrefix(n.url, "http://")); err == nil {
		_ = conn.Close()
		t.Error("the port is still open")
	}
}

// Clients open connections before they have something to ask: net/http gives such a one
// five seconds, which fails no shutdown.
func TestUnusedConnectionFailsNoShutdown(t *testing.T) {
	n := newCell(t).start(t, "runtime-0")
	conn, err := net.Dial("tcp", strings.TrimPrefix(n.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	n.stop()
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
}

// Whatever waits when the time to drain is over is told so: a stream in its last event,
// which every stream has, and the rest as any request. The model is not asked further.
func TestShutdownEndsWhatWaits(t *testing.T) {
	c := newCell(t)
	c.drain = 8 * time.Second // an unused connection has five
	api, left := hung(t)
	acme := c.tenant(t, "acme", api.chats)
	n := c.start(t, "runtime-0")
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/refunds", refunds), 201, "")
	arriving := n.upload(t, acme, "PUT /v1/documents/other")
	native := `{"query":"When is a refund paid?"`
	asks := []struct{ path, body string }{{"/v1/answer", native}, {chatPath, refundChat}, {responsePath, refundResponse}}
	streams := make([]<-chan sent, len(asks))
	waiting := make([]<-chan response, len(asks))
	for i, ask := range asks {
		streams[i] = n.listenAt(t.Context(), t, acme, ask.path, ask.body+`,"stream":true}`)
		awaitWord(streams[i])
		waiting[i] = later(func() response { return n.ask(t, acme, "POST", ask.path, ask.body+`}`) })
	}
	for _, kind := range []string{"answer.intent", "chat.complete.intent", "response.create.intent"} {
		c.audited(t, kind, "true", 2)
	}
	start := time.Now()
	n.stop()
	if took := time.Since(start); took > c.drain {
		t.Errorf("it took %s", took)
	}
	for i, ask := range asks {
		var data []string
		for e := range streams[i] {
			data = append(data, e.name+" "+string(e.data))
		}
		if end := strings.Join(data[max(0, len(data)-2):], "\n"); !strings.Contains(end, `"code":"shutting_down"`) {
			t.Errorf("the stream of %s ends in %q", ask.path, end)
		}
		expect(t, <-waiting[i], 503, "shutting_down")
	}
	expect(t, <-arriving.answered, 503, "shutting_down")
	for range 2 * len(asks) {
		within(t, left, start, c.drain)
	}
}

func TestMetricsNameNoTenant(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	expect(t, n.ask(t, acme, "GET", "/v1/documents/unknown", ""), 404, "document_not_found")
	ops := *n
	ops.url = n.ops
	text := string(ops.send(t, "GET", "/metrics", nil, nil).body)
	for _, want := range []string{`bulkhead_http_requests_total{route="document.get",status="404"} 1`, `bulkhead_tenants{key="ok"} 1`, "bulkhead_index_bytes"} {
		if !strings.Contains(text, want) {
			t.Errorf("metrics lack %s", want)
		}
	}
	if strings.Contains(text, acme.Tenant.ID.String()) || strings.Contains(text, "acme") {
		t.Error("metrics name a tenant")
	}
}
