package probe

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// errorQueue keeps a socket beyond a failed connect, to read what the network
// said: Linux queues the ICMP messages of a connecting TCP socket since 5.8.
type errorQueue struct{ socket int }

// watch is a net.Dialer's Control.
func (q *errorQueue) watch(_, _ string, raw syscall.RawConn) error {
	var err error
	return errors.Join(raw.Control(func(fd uintptr) {
		err = errors.Join(receiveErrors(int(fd)), q.keep(int(fd)))
	}), err)
}

// receiveErrors asks for the messages of whichever IP version the socket has.
func receiveErrors(fd int) error {
	domain, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DOMAIN)
	if err != nil {
		return err
	}
	if domain == unix.AF_INET6 {
		return unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_RECVERR, 1)
	}
	return unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_RECVERR, 1)
}

// keep holds the socket, which the dialer closes when it fails.
func (q *errorQueue) keep(fd int) (err error) {
	q.close()
	q.socket, err = unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	return err
}

func (q *errorQueue) close() {
	if q.socket > 0 {
		_ = unix.Close(q.socket)
		q.socket = 0
	}
}

// read returns the first ICMP message, nil when there is none.
func (q *errorQueue) read() *icmp {
	if q.socket <= 0 {
		return nil
	}
	control := make([]byte, 512)
	_, n, _, _, err := unix.Recvmsg(q.socket, nil, control, unix.MSG_ERRQUEUE|unix.MSG_DONTWAIT)
	if err != nil {
		return nil
	}
	messages, err := unix.ParseSocketControlMessage(control[:n])
	if err != nil {
		return nil
	}
	for _, m := range messages {
		if found := parseExtendedError(m.Data); found != nil {
			return found
		}
	}
	return nil
}

// parseExtendedError reads a struct sock_extended_err, which the address of the
// message's sender follows (ip(7), ipv6(7)).
func parseExtendedError(data []byte) *icmp {
	const origin, kind, code, end = 4, 5, 6, 16
	if len(data) < end {
		return nil
	}
	m := &icmp{kind: data[kind], code: data[code]}
	switch data[origin] {
	case unix.SO_EE_ORIGIN_ICMP:
		m.version = 4
	case unix.SO_EE_ORIGIN_ICMP6:
		m.version = 6
	default:
		return nil
	}
	m.offender = parseSockaddr(data[end:])
	return m
}

func parseSockaddr(data []byte) string {
	if len(data) < unix.SizeofSockaddrInet4 {
		return ""
	}
	switch binary.NativeEndian.Uint16(data) {
	case unix.AF_INET:
		return netip.AddrFrom4([4]byte(data[4:8])).String()
	case unix.AF_INET6:
		if len(data) >= unix.SizeofSockaddrInet6 {
			return netip.AddrFrom16([16]byte(data[8:24])).String()
		}
	}
	return ""
}
