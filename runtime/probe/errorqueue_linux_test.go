package probe

import (
	"context"
	"net"
	"testing"
	"time"
)

// A closed UDP port answers by ICMP, which needs no packet filter to be seen.
func TestErrorQueue(t *testing.T) {
	for _, address := range []string{"127.0.0.1", "::1"} {
		closed, err := net.ListenPacket("udp", net.JoinHostPort(address, "0"))
		if err != nil {
			t.Fatal(err)
		}
		_ = closed.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var q errorQueue
		conn, err := (&net.Dialer{Control: q.watch}).DialContext(ctx, "udp", closed.LocalAddr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write([]byte("anybody there?")); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Read(make([]byte, 1)); err == nil {
			t.Fatal("a closed port answered")
		}
		if got := q.read(); got == nil || !got.filtered() || got.offender != address {
			t.Errorf("%s: read %v", address, got)
		}
		q.close()
		_ = conn.Close()
	}
}
