package forward

import (
	"fmt"
	"net"
)

// Listen listens on a port of the loopback address.
func Listen(port int) (net.Listener, error) {
	return net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
}

// FreePort returns wanted if nobody listens there, and some free port otherwise.
func FreePort(wanted int) (int, error) {
	listener, err := Listen(wanted) // 0 stands for any
	if err != nil {
		if listener, err = Listen(0); err != nil {
			return 0, fmt.Errorf("find a free port on the loopback address: %w", err)
		}
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}
