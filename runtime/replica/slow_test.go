package replica_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// uploading is an upload whose client has sent the first half of its body.
type uploading struct {
	rest     *io.PipeWriter
	answered <-chan response
}

func (n *node) upload(t *testing.T, w *tenant, path string) *uploading {
	t.Helper()
	body, rest := io.Pipe()
	header := map[string]string{"Authorization": "Bearer " + w.key, "Content-Type": "text/plain"}
	if strings.HasPrefix(path, "POST ") {
		header["Content-Type"] = "application/json"
	}
	method, path, _ := strings.Cut(path, " ")
	answered := later(func() response { return n.send(t, method, path, body, header) })
	if _, err := io.WriteString(rest, `{"query":"first half`); err != nil {
		t.Fatal(err)
	}
	return &uploading{rest, answered}
}

func (u *uploading) finish(t *testing.T) response {
	t.Helper()
	if _, err := io.WriteString(u.rest, `, second half"}`); err != nil {
		t.Fatal(err)
	}
	_ = u.rest.Close()
	return <-u.answered
}

// What takes effect while a body arrives holds for the request it belongs to.
func TestChangesReachUploadsUnderWay(t *testing.T) {
	cases := map[string]struct {
		edit   func(*binding.Binding)
		status int
		code   string
	}{
		"quarantined":   {func(b *binding.Binding) { b.Containment = binding.Quarantined }, 403, "tenant_quarantined"},
		"key withdrawn": {func(b *binding.Binding) { b.Credentials = nil }, 401, "invalid_api_key"},
		"retained":      {func(b *binding.Binding) { b.State = binding.Retained }, 403, "tenant_retained"},
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			c := newCell(t)
			acme := c.tenant(t, "acme")
			n := c.start(t, "runtime-0")
			write, query := n.upload(t, acme, "PUT /v1/documents/a"), n.upload(t, acme, "POST /v1/retrieve")
			acme.edit(t, change.edit)
			n.becomes(t, acme, "GET", "/v1/documents", "", change.status, change.code)
			expect(t, write.finish(t), change.status, change.code)
			expect(t, query.finish(t), change.status, change.code)
			c.audited(t, "document.put.change", "true", 0)
		})
	}
}

// A client that takes its time takes nobody else's.
func TestSlowUploadsHoldUpNobody(t *testing.T) {
	c := newCell(t)
	c.ingests = 1
	slow, other := c.tenant(t, "slow"), c.tenant(t, "other")
	n := c.start(t, "runtime-0")
	under := n.upload(t, slow, "PUT /v1/documents/a")
	expect(t, n.ask(t, other, "PUT", "/v1/documents/a", "text"), 201, "")
	expect(t, under.finish(t), 201, "")
}

func TestSlowClientsAreCut(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme", large)
	patient := c.start(t, "runtime-0")
	expect(t, patient.ask(t, acme, "PUT", "/v1/documents/large", largeText), 201, "")
	c.patience = 300 * time.Millisecond
	n := c.start(t, "runtime-1")
	for _, path := range []string{"PUT /v1/documents/a", "POST /v1/retrieve"} {
		expect(t, <-n.upload(t, acme, path).answered, 408, "body_too_slow")
	}
	reader := n.read(t, acme, "/v1/documents/large/content")
	n.counts(t, "document.content", 499)
	if _, err := io.Copy(io.Discard, reader); err == nil {
		t.Error("the response is complete")
	}
}

// TestFormWithoutItsEndIsCut: a client that announces a byte more than it sends, behind the
// end of its form, is waited for as any other, and its file is not kept.
func TestFormWithoutItsEndIsCut(t *testing.T) {
	c := newCell(t)
	c.patience = 300 * time.Millisecond
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	conn, err := net.Dial("tcp", strings.TrimPrefix(n.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprintf(conn, "POST /v1/files HTTP/1.1\r\nHost: bulkhead\r\nAuthorization: Bearer %s\r\n"+
		"Content-Type: multipart/form-data; boundary=X\r\nContent-Length: %d\r\n\r\n%s", acme.key, len(fileX)+1, fileX)
	in := bufio.NewReader(conn)
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, response{status: resp.StatusCode, header: resp.Header, body: body}, 408, "body_too_slow")
	if _, err := in.ReadByte(); err != io.EOF {
		t.Errorf("the connection stays: %v", err)
	}
	if r := expect(t, n.ask(t, acme, "GET", "/v1/files", ""), 200, ""); strings.Contains(string(r.body), "f.txt") {
		t.Errorf("the file is kept: %s", r.body)
	}
}

// largeText does not fit the buffers between a server and a client on one machine.
var largeText = strings.Repeat("A line of text that is as good as any other.\n", 600_000)

func large(b *binding.Binding) { b.Limits.DocumentBytes = int64(len(largeText)) }

// read begins to read a response.
func (n *node) read(t *testing.T, w *tenant, path string) io.Reader {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, n.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+w.key)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	if _, err := io.ReadFull(resp.Body, make([]byte, 1000)); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("status %d, %v", resp.StatusCode, err)
	}
	return resp.Body
}

// counts waits for the metrics to count one request of a route and status.
func (n *node) counts(t *testing.T, route string, status int) {
	t.Helper()
	want := fmt.Sprintf("bulkhead_http_requests_total{route=%q,status=\"%d\"} 1", route, status)
	wait(t, "not counted", func() error { return n.measures(want) })
}

// measures fails unless the metrics have a line.
func (n *node) measures(line string) error {
	resp, err := http.Get(n.ops + "/metrics")
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || !strings.Contains(string(text), line+"\n") {
		return fmt.Errorf("metrics lack %s, %w", line, err)
	}
	return nil
}

// A response that was cut short is not accounted for as a success.
func TestCutResponseIsAccountedFor(t *testing.T) {
	cases := map[string]struct {
		cut    func(*testing.T, *node, *tenant)
		status int
		code   string
	}{
		"document replaced": {func(t *testing.T, n *node, w *tenant) {
			expect(t, n.ask(t, w, "PUT", "/v1/documents/large", "another text"), 200, "")
		}, 409, "document_changed"},
		"key revoked": {func(t *testing.T, n *node, w *tenant) {
			w.cell.bao.Permit(t, w.Key, false)
			n.becomes(t, w, "GET", "/v1/documents", "", 403, "key_revoked")
		}, 403, "key_revoked"},
	}
	for name, cut := range cases {
		t.Run(name, func(t *testing.T) {
			c := newCell(t)
			c.lease, c.patience = 10*time.Second, 30*time.Second
			acme := c.tenant(t, "acme", large)
			n := c.start(t, "runtime-0")
			expect(t, n.ask(t, acme, "PUT", "/v1/documents/large", largeText), 201, "")
			reader := n.read(t, acme, "/v1/documents/large/content")
			cut.cut(t, n, acme)
			if _, err := io.Copy(io.Discard, reader); err == nil {
				t.Error("the response is complete")
			}
			n.counts(t, "document.content", cut.status)
			if want := fmt.Sprintf(`"status":%d,"code":%q`, cut.status, cut.code); !strings.Contains(c.log.String(), want) {
				t.Errorf("the log lacks %s", want)
			}
		})
	}
}

// A client that hangs up is no outage of ours.
func TestClientThatHangsUp(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/a", "text"), 201, "")
	release := c.hold(t, "lock table bulkhead.document")
	ctx, hangUp := context.WithCancel(t.Context())
	defer hangUp()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, n.url+"/v1/documents", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+acme.key)
	failed := make(chan error, 1)
	go func() {
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			_ = resp.Body.Close()
		}
		failed <- err
	}()
	c.waited(t, "bulkhead.document")
	hangUp()
	if <-failed == nil {
		t.Error("answered")
	}
	n.counts(t, "document.list", 499)
	release()
	if strings.Contains(c.log.String(), "request failed") {
		t.Errorf("an error is logged: %s", c.log)
	}
}
