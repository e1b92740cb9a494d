// Package imagestore puts images into a node's containerd.
package imagestore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/poll"
	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/state"
	"github.com/bulkhead-dev/bulkhead/hack/images"
)

// Store is the containerd of a running node.
type Store struct{ node int }

// Open waits until the node's containerd answers.
func Open(ctx context.Context, cluster state.Cluster) (Store, error) {
	pid, err := cluster.Node()
	if err != nil {
		return Store{}, fmt.Errorf("the cluster is not running; run `devcluster up`: %w", err)
	}
	store := Store{node: pid}
	return store, poll.Until(ctx, 100*time.Millisecond, func() error {
		_, err := store.list(ctx)
		return err
	})
}

// Load imports those of the images that the store lacks, one after the other.
func (s Store) Load(ctx context.Context, log io.Writer, wanted ...images.Image) error {
	have, err := s.list(ctx)
	if err != nil {
		return err
	}
	for _, image := range wanted {
		if slices.Contains(have, image.Ref) && slices.Contains(have, image.Pinned()) {
			continue
		}
		out, err := s.ctr(ctx, "images", "import", image.Archive)
		fmt.Fprint(log, out)
		if err != nil {
			return fmt.Errorf("import image %s: %w", image.Ref, err)
		}
	}
	return nil
}

func (s Store) list(ctx context.Context) ([]string, error) {
	out, err := s.ctr(ctx, "images", "list", "--quiet")
	return strings.Fields(out), err
}

// ctr runs in the node's mount namespace, where containerd's socket is.
func (s Store) ctr(ctx context.Context, args ...string) (string, error) {
	command := []string{"--target", strconv.Itoa(s.node), "--mount", "ctr", "--namespace", "k8s.io"}
	out, err := exec.CommandContext(ctx, "nsenter", append(command, args...)...).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = fmt.Errorf("ctr %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(string(exit.Stderr)))
	}
	return string(out), err
}
