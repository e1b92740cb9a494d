package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"
)

// remote is another development cluster, linked to the one that the operator runs in.
type remote struct {
	kubectl
	state string
	name  string
}

func (d *deployment) newRemote(ctx context.Context, state string) (*remote, error) {
	state, err := filepath.Abs(state)
	if err != nil {
		return nil, err
	}
	r := &remote{kubectl: kubectl{d.cluster.program, filepath.Join(state, "kubeconfig")}, state: state}
	name, err := r.run(ctx, "", "config", "current-context")
	if err != nil {
		return nil, fmt.Errorf("%w; start that cluster with `make devcluster-up-second`", err)
	}
	r.name = strings.TrimSpace(name)
	return r, nil
}

// join does what config/remote/README.md asks the owners of both clusters to do.
func (d *deployment) join(ctx context.Context, state string) error {
	if d.existing {
		return errors.New("this is for development clusters; config/remote/README.md says how to prepare one of your own")
	}
	var r *remote
	err := d.report.Run(ctx, "images for the other cluster", buildLimit, func(ctx context.Context, log io.Writer) error {
		err := d.findKubectl(ctx, log)
		if err != nil {
			return err
		}
		if r, err = d.newRemote(ctx, state); err != nil {
			return err
		}
		_, err = d.devcluster(ctx, log, r.state, "load", "runtime", "probe")
		return err
	})
	if err != nil {
		return err
	}
	err = d.report.Run(ctx, "apply config/remote to "+r.name, applyLimit, func(ctx context.Context, log io.Writer) error {
		out, err := r.apply(ctx, "", "-k", filepath.Join(d.repo, "config", "remote"))
		fmt.Fprint(log, out)
		return err
	})
	if err != nil {
		return err
	}
	return d.report.Run(ctx, "Secret bulkhead-clusters/"+r.name, applyLimit, func(ctx context.Context, log io.Writer) error {
		content, err := r.operatorKubeconfig(ctx, d.repo)
		if err != nil {
			return err
		}
		return d.keepKubeconfig(ctx, log, r.name, content)
	})
}

// operatorKubeconfig waits for the operator's token, which the other cluster issues in a moment.
func (r *remote) operatorKubeconfig(ctx context.Context, repo string) (string, error) {
	address, err := r.run(ctx, "", "-n", "default", "get", "endpointslice", "kubernetes",
		"-o", "jsonpath={.endpoints[0].addresses[0]}:{.ports[0].port}")
	if err != nil {
		return "", err
	}
	template := filepath.Join(repo, "config", "remote", "kubeconfig.gotmpl")
	for {
		content, err := r.run(ctx, "", "-n", "bulkhead-system", "get", "secret", "bulkhead-manager-token", "-o", "go-template-file="+template)
		if err == nil {
			return strings.Replace(content, "SERVER", "https://"+address, 1), nil
		}
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("%w; last seen: %w", context.Cause(ctx), err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// keepKubeconfig gives the operator a kubeconfig under the other cluster's name.
func (d *deployment) keepKubeconfig(ctx context.Context, log io.Writer, name, content string) error {
	secret, err := d.cluster.run(ctx, content, "-n", "bulkhead-clusters", "create", "secret", "generic", name,
		"--from-file=kubeconfig=/dev/stdin", "--dry-run=client", "-o", "yaml")
	if err != nil {
		return err
	}
	out, err := d.cluster.apply(ctx, secret, "-f", "-")
	fmt.Fprint(log, out)
	if err != nil {
		return fmt.Errorf("%w; the operator has to be installed before: `make deploy`", err)
	}
	return nil
}
