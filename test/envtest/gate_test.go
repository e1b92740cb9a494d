package envtest

import (
	"io"
	"net"
	"sync"

	. "github.com/onsi/gomega"
)

// gate is the way to another cluster, which can be closed and opened again.
type gate struct {
	address, target string

	mu    sync.Mutex
	ways  net.Listener
	conns map[net.Conn]bool
}

func newGate(target string) *gate {
	g := &gate{address: "127.0.0.1:0", target: target, conns: map[net.Conn]bool{}}
	g.open()
	return g
}

func (g *gate) open() {
	ways, err := net.Listen("tcp", g.address)
	Expect(err).NotTo(HaveOccurred())
	g.address, g.ways = ways.Addr().String(), ways
	go func() {
		for {
			conn, err := ways.Accept()
			if err != nil {
				return
			}
			go g.carry(conn)
		}
	}()
}

func (g *gate) carry(in net.Conn) {
	out, err := net.Dial("tcp", g.target)
	if err != nil {
		_ = in.Close()
		return
	}
	for _, pair := range [][2]net.Conn{{in, out}, {out, in}} {
		g.mu.Lock()
		g.conns[pair[0]] = true
		g.mu.Unlock()
		go func() {
			_, _ = io.Copy(pair[0], pair[1])
			_ = pair[0].Close()
		}()
	}
}

// close cuts every connection, too.
func (g *gate) close() {
	_ = g.ways.Close()
	g.mu.Lock()
	defer g.mu.Unlock()
	for conn := range g.conns {
		_ = conn.Close()
	}
	clear(g.conns)
}
