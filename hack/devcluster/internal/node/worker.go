package node

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/poll"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/state"
)

// Work prepares the namespaces that it is started in and runs the components until ctx ends.
func Work(ctx context.Context, cluster state.Cluster) error {
	settings, err := cluster.Load()
	if err != nil {
		return err
	}
	n := node{Cluster: cluster, settings: settings, plan: settings.Addresses()}
	if err := n.prepare(ctx); err != nil {
		return fmt.Errorf("prepare the node: %w", err)
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, c := range n.components() {
		group.Go(func() error { return c.run(ctx, n.Logs(c.name+".log")) })
	}
	return group.Wait()
}

func (n node) prepare(ctx context.Context) error {
	if err := unix.Sethostname([]byte(n.Name)); err != nil {
		return err
	}
	if err := os.Setenv("PATH", n.settings.Binaries+":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"); err != nil {
		return err
	}
	return errors.Join(n.mounts(), n.network(ctx), n.writeConfigs())
}

// apiServerReady asks from inside the node, where the address is always the same.
func apiServerReady(ctx context.Context) error {
	// Nothing secret is asked or told, and nobody else is in the network namespace.
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // see above
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 2 * time.Second}
	return poll.Until(ctx, 200*time.Millisecond, func() error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+APIAddress+"/readyz", nil)
		if err != nil {
			return err
		}
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("kube-apiserver says %s", response.Status)
		}
		return nil
	})
}
