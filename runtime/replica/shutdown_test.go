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
	c.grace = 700 * time.Millisecond
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
