package outgoing

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/semaphore"
)

const (
	maxOrigins = 64 // of a tenant
	// maxRequests is how many requests of a tenant are in flight at a time; more
	// wait. Each has a connection of its own, and as many may be kept for reuse.
	maxRequests       = 16
	maxIdlePerOrigin  = 4
	maxHeader         = 64 << 10        // bytes of an answer's header
	connectTimeout    = 5 * time.Second // the name's lookup included
	tlsTimeout        = 5 * time.Second
	headerTimeout     = 60 * time.Second // a model may think before it speaks
	idleTimeout       = 60 * time.Second
	keepAliveInterval = 15 * time.Second
)

// Config says what a tenant may reach.
type Config struct {
	Allowed []Allowed
	// RootCAs verify the services' certificates; nil: the system's.
	RootCAs *x509.CertPool
	// Resolver looks names up; nil: the system's.
	Resolver *net.Resolver
}

// Client sends the requests of one tenant. It is safe for concurrent use.
type Client struct {
	allowed   map[Origin]bool
	slots     *semaphore.Weighted
	transport *http.Transport
}

// NewClient makes a client; it does not connect yet. An error is one of the
// configuration.
func NewClient(c Config) (*Client, error) {
	if len(c.Allowed) > maxOrigins {
		return nil, fmt.Errorf("a tenant can have %d origins, not %d", maxOrigins, len(c.Allowed))
	}
	client := &Client{allowed: map[Origin]bool{}, slots: semaphore.NewWeighted(maxRequests)}
	dialers := map[string]*net.Dialer{} // by address
	for _, a := range c.Allowed {
		if err := a.validate(); err != nil {
			return nil, err
		}
		if dialers[a.Origin.address()] != nil {
			return nil, fmt.Errorf("%s is allowed twice: name its networks in one place", a.Origin)
		}
		client.allowed[a.Origin] = true
		dialers[a.Origin.address()] = a.dialer(c.Resolver)
	}
	client.transport = newTransport(dialers, c.RootCAs)
	return client, nil
}

// newTransport speaks HTTP/1.1 only, so that a request is a connection and counting
// the one bounds the other. It asks for no compression: a small answer stays small.
func newTransport(dialers map[string]*net.Dialer, roots *x509.CertPool) *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		Proxy: nil, // the environment's would be a way around the dialer
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			dialer := dialers[strings.ToLower(address)]
			if dialer == nil {
				return nil, ErrOrigin
			}
			return dialer.DialContext(ctx, network, address)
		},
		Protocols:              protocols,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
		TLSHandshakeTimeout:    tlsTimeout,
		ResponseHeaderTimeout:  headerTimeout,
		MaxResponseHeaderBytes: maxHeader,
		MaxConnsPerHost:        maxRequests,
		MaxIdleConns:           maxRequests,
		MaxIdleConnsPerHost:    maxIdlePerOrigin,
		IdleConnTimeout:        idleTimeout,
		DisableCompression:     true,
	}
}

// dialer connects to the origin at addresses that are open to it.
func (a Allowed) dialer(resolver *net.Resolver) *net.Dialer {
	return &net.Dialer{
		Timeout: connectTimeout, KeepAlive: keepAliveInterval, Resolver: resolver,
		Control: func(_, address string, _ syscall.RawConn) error {
			to, err := netip.ParseAddrPort(address)
			if err != nil || !a.reachable(to.Addr()) {
				return ErrAddress
			}
			return nil
		},
	}
}

// reachable keeps what is not encrypted in the networks that were named for it.
func (a Allowed) reachable(address netip.Addr) bool {
	if a.Origin.Scheme == "http" && !within(address.Unmap(), a.Networks) {
		return false
	}
	return open(address, a.Networks)
}

// Do sends a request and returns the answer, whose body has at most limit bytes and
// must be closed. An answer that redirects is returned as it is. Errors, also of
// reading the body: ErrOrigin, ErrAddress, ErrUnreachable, ErrTooLarge (of the body
// only), or the cause of the context's end.
func (c *Client) Do(r *http.Request, limit int64) (*http.Response, error) {
	origin, err := OriginOf(r.URL)
	if err != nil || !c.allowed[origin] || r.Host != "" && r.Host != r.URL.Host {
		return nil, ErrOrigin
	}
	ctx := r.Context()
	if err := c.slots.Acquire(ctx, 1); err != nil {
		return nil, context.Cause(ctx)
	}
	// The transport alone follows no redirect and keeps no cookie.
	response, err := c.transport.RoundTrip(r)
	if err != nil {
		c.slots.Release(1)
		return nil, explain(ctx, err)
	}
	response.Body = &body{
		ReadCloser: http.MaxBytesReader(nil, response.Body, limit),
		ctx:        ctx, release: func() { c.slots.Release(1) },
	}
	return response, nil
}

// Close ends the connections that no request uses.
func (c *Client) Close() { c.transport.CloseIdleConnections() }
