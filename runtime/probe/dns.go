package probe

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// question is answered by every DNS server, if only by "no such name".
const question = "kubernetes.default.svc."

// ask sends one DNS question; any answer to it counts.
func (p Prober) ask(ctx context.Context, network, address string) binding.ProbeResult {
	if address == "" {
		server, err := nameServer(p.ResolvConf)
		if err != nil {
			return failed(address, err)
		}
		address = server
	}
	if _, err := netip.ParseAddrPort(address); err != nil {
		return failed(address, err)
	}
	conn, refusal, err := dial(ctx, network, address)
	if err != nil {
		return unconnected(address, refusal, err)
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return failed(address, err)
		}
	}
	if err := exchange(conn, network); err != nil {
		return unanswered(address, network, err)
	}
	return binding.ProbeResult{Outcome: binding.ProbeOpen, Address: address}
}

// unanswered: over UDP, the only "refused" there is comes by ICMP.
func unanswered(address, network string, err error) binding.ProbeResult {
	result := unconnected(address, nil, err)
	if network == "udp" && result.Outcome == binding.ProbeRefused {
		result.Outcome = binding.ProbeRejected
	}
	return result
}

func exchange(conn net.Conn, network string) error {
	id, query, err := newQuery()
	if err != nil {
		return err
	}
	if network == "tcp" { // RFC 1035, 4.2.2: the length comes first
		query = append(binary.BigEndian.AppendUint16(nil, uint16(len(query))), query...)
	}
	if _, err := conn.Write(query); err != nil {
		return err
	}
	answer, err := readAnswer(conn, network)
	if err != nil {
		return err
	}
	var parser dnsmessage.Parser
	header, err := parser.Start(answer)
	if err != nil {
		return fmt.Errorf("what answers is no DNS server: %w", err)
	}
	if header.ID != id || !header.Response {
		return errors.New("what answers is no DNS server")
	}
	return nil
}

func newQuery() (id uint16, query []byte, err error) {
	var random [2]byte
	_, _ = rand.Read(random[:]) // never fails (crypto/rand since Go 1.24)
	id = binary.BigEndian.Uint16(random[:])
	name, err := dnsmessage.NewName(question)
	if err != nil {
		return 0, nil, err
	}
	message := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: id, RecursionDesired: true},
		Questions: []dnsmessage.Question{{Name: name, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}},
	}
	query, err = message.Pack()
	return id, query, err
}

func readAnswer(conn net.Conn, network string) ([]byte, error) {
	buffer := make([]byte, 1<<16)
	if network == "udp" {
		n, err := conn.Read(buffer)
		return buffer[:n], err
	}
	if _, err := io.ReadFull(conn, buffer[:2]); err != nil {
		return nil, err
	}
	answer := buffer[:binary.BigEndian.Uint16(buffer)]
	_, err := io.ReadFull(conn, answer)
	return answer, err
}

// nameServer is the first of a resolv.conf.
func nameServer(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if fields := strings.Fields(lines.Text()); len(fields) > 1 && fields[0] == "nameserver" {
			return net.JoinHostPort(fields[1], "53"), nil
		}
	}
	return "", errors.Join(fmt.Errorf("%s names no server", path), lines.Err())
}
