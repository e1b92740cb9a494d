package probe_test

import (
	"bytes"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/net/dns/dnsmessage"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/runtime/probe"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/test/fixture"
)

func TestMain(m *testing.M) { fixture.Main(m) }

// An answer may be late; only who gets none is not waited for long.
const (
	late = 10 * time.Second
	soon = 500 * time.Millisecond
)

// try runs one request and returns the outcomes.
func try(t *testing.T, p probe.Prober, patience time.Duration, tasks ...binding.ProbeTask) []binding.ProbeResult {
	t.Helper()
	request, err := json.Marshal(binding.ProbeRequest{TimeoutMillis: patience.Milliseconds(), Tasks: tasks})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := p.Run(t.Context(), bytes.NewReader(request), &out); err != nil {
		t.Fatal(err)
	}
	var results []binding.ProbeResult
	if err := json.Unmarshal(out.Bytes(), &results); err != nil {
		t.Fatal(err)
	}
	return results
}

func expect(t *testing.T, p probe.Prober, expected map[binding.ProbeTask]binding.ProbeOutcome) {
	t.Helper()
	tasks := map[time.Duration][]binding.ProbeTask{}
	for task, outcome := range expected {
		patience := late
		if outcome == binding.ProbeDropped {
			patience = soon
		}
		tasks[patience] = append(tasks[patience], task)
	}
	for patience, tasks := range tasks {
		for i, got := range try(t, p, patience, tasks...) {
			if got.Outcome != expected[tasks[i]] {
				t.Errorf("%+v: %+v, expected %s", tasks[i], got, expected[tasks[i]])
			}
		}
	}
}

func TestConnect(t *testing.T) {
	expect(t, probe.Prober{}, map[binding.ProbeTask]binding.ProbeOutcome{
		{Kind: binding.ProbeTCP, Address: listen(t)}:         binding.ProbeOpen,
		{Kind: binding.ProbeTCP, Address: closed(t)}:         binding.ProbeRefused,
		{Kind: binding.ProbeTCP, Address: silent(t)}:         binding.ProbeDropped,
		{Kind: binding.ProbeTCP, Address: "localhost:80"}:    binding.ProbeFailed, // not literal
		{Kind: "carrier pigeon", Address: "127.0.0.1:80"}:    binding.ProbeFailed,
		{Kind: binding.ProbeDNSTCP, Address: "localhost:53"}: binding.ProbeFailed,
	})
}

// listen accepts connections.
func listen(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener.Addr().String()
}

// closed is an address where nobody listens any more.
func closed(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	return listener.Addr().String()
}

// silent is an address that answers no packet: its queue of connections that
// nobody accepts is full.
func silent(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	address := (&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: name.(*syscall.SockaddrInet4).Port}).String()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return address
}

func TestDNS(t *testing.T) {
	resolvConf := filepath.Join(t.TempDir(), "resolv.conf")
	if err := os.WriteFile(resolvConf, []byte("search svc\nnameserver 127.0.0.9\nnameserver 127.0.0.1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	mute, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = mute.Close() })
	p := probe.Prober{ResolvConf: resolvConf}
	expect(t, p, map[binding.ProbeTask]binding.ProbeOutcome{
		{Kind: binding.ProbeDNSUDP, Address: nameServer(t, true)}:       binding.ProbeOpen,
		{Kind: binding.ProbeDNSUDP, Address: nameServer(t, false)}:      binding.ProbeFailed,
		{Kind: binding.ProbeDNSUDP, Address: mute.LocalAddr().String()}: binding.ProbeDropped,
		{Kind: binding.ProbeDNSUDP, Address: closed(t)}:                 binding.ProbeRejected,
		{Kind: binding.ProbeDNSTCP, Address: closed(t)}:                 binding.ProbeRefused,
		{Kind: binding.ProbeDNSTCP, Address: silent(t)}:                 binding.ProbeDropped,
	})
	if got := try(t, p, late, binding.ProbeTask{Kind: binding.ProbeDNSTCP})[0]; got.Address != "127.0.0.9:53" {
		t.Errorf("asked %+v, not the first name server of resolv.conf", got)
	}
}

// nameServer answers one question, or sends back what it got.
func nameServer(t *testing.T, answer bool) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		packet := make([]byte, 512)
		n, from, err := conn.ReadFrom(packet)
		var m dnsmessage.Message
		if err != nil || m.Unpack(packet[:n]) != nil {
			return
		}
		m.Response, m.RCode = answer, dnsmessage.RCodeNameError
		if packet, err = m.Pack(); err == nil {
			_, _ = conn.WriteTo(packet, from)
		}
	}()
	return conn.LocalAddr().String()
}

func TestKey(t *testing.T) {
	bao := fixture.NewOpenBao(t)
	const namespace, account = "bulkhead-eu-1", "runtime"
	mine, theirs := bao.Grant(t, uuid.New(), namespace, account), bao.Grant(t, uuid.New(), "bulkhead-eu-2", account)
	crossed := mine
	crossed.Name = theirs.Name
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(bao.Token(namespace, account)), 0o600); err != nil {
		t.Fatal(err)
	}
	p := probe.Prober{Vault: seal.VaultConfig{Address: bao.Address, CAFile: bao.CAFile, AuthMount: fixture.AuthMount, TokenFile: token}}
	tasks := []binding.ProbeTask{
		{Kind: binding.ProbeKey, Key: &mine},
		{Kind: binding.ProbeKey, Key: &theirs},
		{Kind: binding.ProbeKey, Key: &crossed},
		{Kind: binding.ProbeKey},
	}
	outcomes := []binding.ProbeOutcome{binding.ProbeOpen, binding.ProbeDenied, binding.ProbeDenied, binding.ProbeFailed}
	for i, got := range try(t, p, late, tasks...) {
		if got.Outcome != outcomes[i] {
			t.Errorf("task %d: %+v, expected %s", i, got, outcomes[i])
		}
	}
	p.Vault.Address = "https://" + closed(t)
	if got := try(t, p, late, tasks[0])[0]; got.Outcome != binding.ProbeUnreachable {
		t.Errorf("without Vault: %+v", got)
	}
}

func TestRunRefuses(t *testing.T) {
	for _, request := range []string{
		"", "[]", `{"tasks":[]}`, `{"timeoutMillis":31000}`, `{"timeoutMillis":1,"targets":[]}`,
	} {
		if err := (probe.Prober{}).Run(t.Context(), strings.NewReader(request), &bytes.Buffer{}); err == nil {
			t.Errorf("%q was taken as a request", request)
		}
	}
}
