package outgoing_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/bulkhead-dev/bulkhead/runtime/outgoing"
)

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}

func allow(t *testing.T, url string, networks []netip.Prefix) outgoing.Allowed {
	t.Helper()
	origin, err := outgoing.ParseOrigin(url)
	if err != nil {
		t.Fatal(err)
	}
	return outgoing.Allowed{Origin: origin, Networks: networks}
}

func client(t *testing.T, c outgoing.Config) *outgoing.Client {
	t.Helper()
	made, err := outgoing.NewClient(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(made.Close)
	return made
}

// get returns the status and the body of an answer of at most 100 bytes.
func get(t *testing.T, c *outgoing.Client, url string) (int, string, error) {
	t.Helper()
	return ask(t.Context(), t, c, url)
}

func ask(ctx context.Context, t *testing.T, c *outgoing.Client, url string) (int, string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := c.Do(r, 100)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, string(text), err
}

func plain(t *testing.T, answer http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return server
}

func hello(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }

func TestAllowedOrigin(t *testing.T) {
	server := plain(t, hello)
	c := client(t, outgoing.Config{Allowed: []outgoing.Allowed{allow(t, server.URL, loopback)}})
	if status, text, err := get(t, c, server.URL+"/v1"); status != http.StatusOK || text != "hello" || err != nil {
		t.Errorf("%d %q %v", status, text, err)
	}
}

func TestOtherOriginsAreRefused(t *testing.T) {
	server, other := plain(t, hello), plain(t, hello)
	c := client(t, outgoing.Config{Allowed: []outgoing.Allowed{allow(t, server.URL, loopback)}})
	for _, url := range []string{other.URL, strings.Replace(server.URL, "http:", "https:", 1), strings.Replace(server.URL, "127.0.0.1", "localhost", 1)} {
		if _, _, err := get(t, c, url); !errors.Is(err, outgoing.ErrOrigin) {
			t.Errorf("%s: %v", url, err)
		}
	}
	r := httptest.NewRequest(http.MethodGet, server.URL, http.NoBody)
	r.Host = "admin.internal"
	if _, err := c.Do(r, 100); !errors.Is(err, outgoing.ErrOrigin) { //nolint:bodyclose // there is none
		t.Errorf("a Host header of another service: %v", err)
	}
}

func TestPrivateAddressIsRefused(t *testing.T) {
	reached := false
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer server.Close()
	for _, networks := range [][]netip.Prefix{nil, {netip.MustParsePrefix("10.0.0.0/8")}} {
		c := client(t, outgoing.Config{Allowed: []outgoing.Allowed{allow(t, server.URL, networks)}, RootCAs: roots(server)})
		_, _, err := get(t, c, server.URL)
		if !errors.Is(err, outgoing.ErrAddress) || strings.Contains(err.Error(), "127.0.0.1") {
			t.Errorf("%v", err)
		}
	}
	if reached {
		t.Error("a request arrived")
	}
}

func roots(of *httptest.Server) *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(of.Certificate())
	return pool
}

func TestTLS(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(hello))
	defer server.Close()
	old := httptest.NewUnstartedServer(http.HandlerFunc(hello))
	old.TLS = &tls.Config{MaxVersion: tls.VersionTLS11}
	old.StartTLS()
	defer old.Close()
	allowed := []outgoing.Allowed{allow(t, server.URL, loopback), allow(t, old.URL, loopback)}
	trusting := client(t, outgoing.Config{Allowed: allowed, RootCAs: roots(server)})
	if _, text, err := get(t, trusting, server.URL); text != "hello" || err != nil {
		t.Errorf("a known certificate: %q %v", text, err)
	}
	if _, _, err := get(t, trusting, old.URL); !errors.Is(err, outgoing.ErrUnreachable) {
		t.Errorf("TLS 1.1: %v", err)
	}
	_, _, err := get(t, client(t, outgoing.Config{Allowed: allowed}), server.URL)
	if !errors.Is(err, outgoing.ErrUnreachable) || !strings.Contains(err.Error(), "certificate is not trusted") {
		t.Errorf("an unknown certificate: %v", err)
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	reached := false
	secret := plain(t, func(http.ResponseWriter, *http.Request) { reached = true })
	server := plain(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, secret.URL, http.StatusTemporaryRedirect)
	})
	c := client(t, outgoing.Config{Allowed: []outgoing.Allowed{allow(t, server.URL, loopback), allow(t, secret.URL, loopback)}})
	if status, _, err := get(t, c, server.URL); status != http.StatusTemporaryRedirect || err != nil || reached {
		t.Errorf("%d %v, followed: %t", status, err, reached)
	}
}

func TestProxyOfTheEnvironmentIsIgnored(t *testing.T) {
	proxy := plain(t, func(http.ResponseWriter, *http.Request) { t.Error("the proxy was asked") })
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"} {
		t.Setenv(name, proxy.URL)
	}
	// Go's own clients ask no proxy for loopback names, so the name must be another.
	resolver := serveDNS(t, func() netip.Addr { return netip.MustParseAddr("127.0.0.1") })
	server := plain(t, hello)
	url := strings.Replace(server.URL, "127.0.0.1", "models.example", 1)
	c := client(t, outgoing.Config{Allowed: []outgoing.Allowed{allow(t, url, loopback)}, Resolver: resolver})
	if _, text, err := get(t, c, url); text != "hello" || err != nil {
		t.Errorf("%q %v", text, err)
	}
}

func TestAnswerIsBounded(t *testing.T) {
	size := 100
	server := plain(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", size)) })
	c := client(t, outgoing.Config{Allowed: []outgoing.Allowed{allow(t, server.URL, loopback)}})
	if _, text, err := get(t, c, server.URL); len(text) != 100 || err != nil {
		t.Errorf("as many bytes as allowed: %d %v", len(text), err)
	}
	size = 101
	if _, _, err := get(t, c, server.URL); !errors.Is(err, outgoing.ErrTooLarge) {
		t.Errorf("one byte more: %v", err)
	}
}

func TestHeaderIsBounded(t *testing.T) {
	server := plain(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", 100<<10)) })
	c := client(t, outgoing.Config{Allowed: []outgoing.Allowed{allow(t, server.URL, loopback)}})
	if _, _, err := get(t, c, server.URL); !errors.Is(err, outgoing.ErrUnreachable) {
		t.Error(err)
	}
}

func TestRequestsAtATimeAreBounded(t *testing.T) {
	const most = 16
	arrived, release := make(chan struct{}, 2*most), make(chan struct{})
	server := plain(t, func(http.ResponseWriter, *http.Request) { arrived <- struct{}{}; <-release })
	c := client(t, outgoing.Config{Allowed: []outgoing.Allowed{allow(t, server.URL, loopback)}})
	done := make(chan error, most)
	for range most {
		go func() { _, _, err := ask(t.Context(), t, c, server.URL); done <- err }()
	}
	for range most {
		<-arrived
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, _, err := ask(ctx, t, c, server.URL); !errors.Is(err, context.DeadlineExceeded) || len(arrived) > 0 {
		t.Errorf("one more: %v, %d arrived", err, len(arrived))
	}
	close(release)
	for range most {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if _, _, err := get(t, c, server.URL); err != nil {
		t.Errorf("after they ended: %v", err)
	}
}

func TestUnreachable(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	c := client(t, outgoing.Config{Allowed: []outgoing.Allowed{allow(t, url, loopback)}})
	_, _, err = get(t, c, url+"/?key=hunter2")
	if !errors.Is(err, outgoing.ErrUnreachable) || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "127.0.0.1") {
		t.Error(err)
	}
}

func TestContextEndsAnAnswer(t *testing.T) {
	left := make(chan struct{})
	server := plain(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "hel")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		close(left)
	})
	c := client(t, outgoing.Config{Allowed: []outgoing.Allowed{allow(t, server.URL, loopback)}})
	ctx, cancel := context.WithCancelCause(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := c.Do(r, 100)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	why := errors.New("enough")
	cancel(why)
	if _, err := io.ReadAll(response.Body); !errors.Is(err, why) {
		t.Errorf("the body: %v", err)
	}
	<-left
}
