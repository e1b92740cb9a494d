// Command probe shows with real packets whether one pod reaches another.
package main

import (
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const usage = `probe shows whether a TCP connection can be made from where it runs.

Usage:
  probe [-timeout 3s] tcp HOST:PORT   exit 0 if a connection is established, 1 if it is not
  probe [-timeout 3s] dns NAME        exit 0 if the name resolves, 1 if it does not
  probe listen ADDRESS                accept connections, for other probes to reach
  probe sleep                         wait until it is told to end
`

func main() {
	timeout := flag.Duration("timeout", 3*time.Second, "how long to try")
	flag.Usage = func() { fmt.Fprint(os.Stderr, usage) }
	flag.Parse()
	switch command, target := flag.Arg(0), flag.Arg(1); {
	case command == "tcp" && target != "":
		report(connect(target, *timeout))
	case command == "dns" && target != "":
		report(resolve(target, *timeout))
	case command == "listen" && target != "":
		report("", listen(target))
	case command == "sleep":
		sleep()
	default:
		flag.Usage()
		os.Exit(2)
	}
}

// report prints the one line of result and ends the program.
func report(result string, err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(result)
}

func connect(target string, timeout time.Duration) (string, error) {
	began := time.Now()
	conn, err := net.DialTimeout("tcp", target, timeout) //nolint:noctx // it has a timeout
	took := time.Since(began).Round(time.Millisecond)
	if err != nil {
		return "", fmt.Errorf("no connection to %s after %s: %w", target, took, err)
	}
	defer conn.Close()
	return fmt.Sprintf("connected to %s (%s) in %s", target, conn.RemoteAddr(), took), nil
}

func listen(address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", address, err)
	}
	fmt.Println("listening on", listener.Addr())
	for {
		conn, err := listener.Accept()
		if err != nil {
			return fmt.Errorf("accept on %s: %w", address, err)
		}
		fmt.Println("connection from", conn.RemoteAddr())
		_ = conn.Close()
	}
}

func sleep() {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	<-stop
}
