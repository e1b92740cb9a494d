package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// connect tries one TCP connection. The address has to be literal: a name that
// does not resolve would say nothing about the wall behind it.
func connect(ctx context.Context, address string) binding.ProbeResult {
	if _, err := netip.ParseAddrPort(address); err != nil {
		return failed(address, err)
	}
	conn, refusal, err := dial(ctx, "tcp", address)
	if err != nil {
		return unconnected(address, refusal, err)
	}
	_ = conn.Close()
	return binding.ProbeResult{Outcome: binding.ProbeOpen, Address: address}
}

// dial connects and, when it cannot, asks the kernel whether an ICMP message was
// the reason: both that and a TCP reset are "connection refused" to a program,
// but only a reset says that the packet has arrived.
func dial(ctx context.Context, network, address string) (net.Conn, *icmp, error) {
	var errs errorQueue
	defer errs.close()
	dialer := net.Dialer{Control: errs.watch}
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, errs.read(), err
	}
	return conn, nil, nil
}

// icmp is a message that answered an attempt.
type icmp struct {
	version  int // of IP
	kind     uint8
	code     uint8
	offender string // who sent it; empty when the kernel does not tell
}

// filtered reports whether a packet filter sends such a message. No host does in
// answer to a TCP segment, and routers send the others for want of a route.
func (m *icmp) filtered() bool {
	if m == nil {
		return false
	}
	const v4Unreachable, v6Unreachable = 3, 1
	switch {
	case m.version == 4 && m.kind == v4Unreachable:
		// port unreachable, and what is administratively prohibited
		return m.code == 3 || m.code == 9 || m.code == 10 || m.code == 13
	case m.version == 6 && m.kind == v6Unreachable:
		// administratively prohibited, port unreachable, failed policy, rejected route
		return m.code == 1 || m.code == 4 || m.code == 5 || m.code == 6
	}
	return false
}

func (m *icmp) String() string {
	text := fmt.Sprintf("ICMPv%d type %d code %d", m.version, m.kind, m.code)
	if m.offender != "" {
		text += " from " + m.offender
	}
	return text
}

func unconnected(address string, refusal *icmp, err error) binding.ProbeResult {
	result := binding.ProbeResult{Address: address}
	if refusal != nil {
		result.Detail = refusal.String()
	}
	switch {
	case refusal.filtered():
		result.Outcome = binding.ProbeRejected
	case errors.Is(err, syscall.EPERM), errors.Is(err, syscall.EACCES): // a filter in the pod's own kernel
		result.Outcome, result.Detail = binding.ProbeRejected, "by the pod's own kernel"
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ECONNRESET):
		result.Outcome = binding.ProbeRefused
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.EADDRNOTAVAIL):
		result.Outcome = binding.ProbeUnreachable
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), errors.Is(err, syscall.ETIMEDOUT):
		result.Outcome = binding.ProbeDropped
	default:
		return failed(address, err)
	}
	return result
}
