package cluster

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
)

// Forward makes a Service answer at the URL that it returns, until stop.
func (c *Cluster) Forward(ctx context.Context, namespace, service string, port int) (url string, stop func(), err error) {
	return background(ctx, c, forwarding, "port-forward", "-n", namespace, "service/"+service, fmt.Sprintf(":%d", port))
}

// Proxy makes the Kubernetes API answer at the URL that it returns, until stop. Whatever the kubeconfig
// says of certificates and logins, kubectl does it.
func (c *Cluster) Proxy(ctx context.Context) (url string, stop func(), err error) {
	return background(ctx, c, serving, "proxy", "--port=0")
}

var (
	forwarding = regexp.MustCompile(`Forwarding from (127\.0\.0\.1:\d+)`)
	serving    = regexp.MustCompile(`Starting to serve on (127\.0\.0\.1:\d+)`)
)

// opening is how long kubectl may take to say where it listens.
const opening = 20 * time.Second

// background starts kubectl and waits for the line that says where it listens.
func background(ctx context.Context, c *Cluster, line *regexp.Regexp, args ...string) (string, func(), error) {
	ctx, cancel := context.WithCancel(ctx)
	cmd := c.Command(ctx, "kubectl", args...)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		cancel()
		return "", nil, err
	}
	stop := func() { cancel(); _ = cmd.Wait() } // it ends because it is told to
	late := time.AfterFunc(opening, cancel)
	address, err := find(out, line)
	late.Stop()
	if err != nil {
		stop()
		return "", nil, fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(said.String()))
	}
	return "http://" + address, stop, nil
}

// find reads up to the line that matches, and lets the rest flow away.
func find(out io.Reader, line *regexp.Regexp) (string, error) {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if found := line.FindStringSubmatch(lines.Text()); found != nil {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return found[1], nil
		}
	}
	return "", errors.New("it did not say where it listens")
}
