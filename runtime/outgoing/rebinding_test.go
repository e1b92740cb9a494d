package outgoing_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/bulkhead-dev/bulkhead/runtime/outgoing"
)

// serveDNS answers every question for an IPv4 address over UDP, and returns a
// resolver that asks nobody else.
func serveDNS(t *testing.T, answer func() netip.Addr) *net.Resolver {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	go func() {
		for packet := make([]byte, 512); ; {
			n, from, err := server.ReadFrom(packet)
			if err != nil {
				return // closed
			}
			if reply := replyTo(packet[:n], answer); reply != nil {
				_, _ = server.WriteTo(reply, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", server.LocalAddr().String())
	}}
}

func replyTo(query []byte, answer func() netip.Addr) []byte {
	var message dnsmessage.Message
	if err := message.Unpack(query); err != nil || len(message.Questions) != 1 {
		return nil
	}
	question := message.Questions[0]
	message.Header = dnsmessage.Header{ID: message.ID, Response: true, Authoritative: true}
	message.Additionals = nil
	if question.Type == dnsmessage.TypeA {
		message.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: question.Name, Type: question.Type, Class: question.Class},
			Body:   &dnsmessage.AResource{A: answer().As4()},
		}}
	}
	reply, err := message.Pack()
	if err != nil {
		return nil
	}
	return reply
}

// TestRebinding has a name that means the allowed 127.0.0.1 at first and then
// 127.0.0.2, where something listens on the same port that must not be reached.
func TestRebinding(t *testing.T) {
	public := plain(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		hello(w, r)
	})
	_, port, _ := net.SplitHostPort(public.Listener.Addr().String())
	victim, err := net.Listen("tcp", "127.0.0.2:"+port)
	if err != nil {
		t.Fatal(err)
	}
	var reached atomic.Int32
	secret := &httptest.Server{Listener: victim, Config: &http.Server{
		Handler:   http.HandlerFunc(hello),
		ConnState: func(net.Conn, http.ConnState) { reached.Add(1) },
	}}
	secret.Start()
	defer secret.Close()

	var asked atomic.Int32
	resolver := serveDNS(t, func() netip.Addr {
		if asked.Add(1)%2 == 1 {
			return netip.MustParseAddr("127.0.0.1")
		}
		return netip.MustParseAddr("127.0.0.2")
	})
	url := strings.Replace(public.URL, "127.0.0.1", "models.example", 1)
	c := client(t, outgoing.Config{Allowed: []outgoing.Allowed{allow(t, url, loopback)}, Resolver: resolver})
	for range 5 {
		if _, text, err := get(t, c, url); text != "hello" || err != nil {
			t.Errorf("the first address: %q %v", text, err)
		}
		if _, _, err := get(t, c, url); !errors.Is(err, outgoing.ErrAddress) {
			t.Errorf("the second address: %v", err)
		}
	}
	if asked.Load() != 10 || reached.Load() != 0 {
		t.Errorf("the name was looked up %d times, and %d connections reached the second address", asked.Load(), reached.Load())
	}
}
