package scale

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/rest"

	"github.com/bulkhead-dev/bulkhead/test/fixture"
)

// pprofAddress is where the operator serves its profiles.
const pprofAddress = "127.0.0.1:16060"

// startProfiles profiles all three servers' processor time while tenants are made.
func (b *bench) startProfiles(ctx context.Context) <-chan error {
	done := make(chan error, 1)
	if b.profile == "" {
		done <- nil
		return done
	}
	admin, err := rest.HTTPClientFor(b.kube.Admin)
	if err != nil {
		done <- err
		return done
	}
	seconds := max(b.n/50, 3)
	query := fmt.Sprintf("/debug/pprof/profile?seconds=%d", seconds)
	var all errgroup.Group
	all.Go(func() error {
		return saveProfile(ctx, http.DefaultClient, "http://"+pprofAddress+query, b.profileFile("operator-cpu"))
	})
	all.Go(func() error {
		return saveProfile(ctx, admin, strings.TrimSuffix(b.kube.Admin.Host, "/")+query, b.profileFile("apiserver-cpu"))
	})
	all.Go(func() error { return saveVaultProfile(ctx, b.bao, seconds, b.profileFile("openbao-cpu")) })
	go func() { done <- all.Wait() }()
	return done
}

// heapProfile saves what the operator holds in memory.
func (b *bench) heapProfile(ctx context.Context) error {
	if b.profile == "" {
		return nil
	}
	return saveProfile(ctx, http.DefaultClient, "http://"+pprofAddress+"/debug/pprof/heap?gc=1", b.profileFile("operator-heap"))
}

func (b *bench) profileFile(name string) string {
	return filepath.Join(b.profile, fmt.Sprintf("%s-%d.pprof", name, b.n))
}

// saveProfile fetches a profile of a Go program.
func saveProfile(ctx context.Context, c *http.Client, url, file string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := c.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	return save(response.Body, file)
}

// saveVaultProfile fetches the CPU profile of OpenBao.
func saveVaultProfile(ctx context.Context, bao *fixture.OpenBao, seconds int, file string) error {
	c, err := bao.Client.Clone()
	if err != nil {
		return err
	}
	c.SetToken(bao.RootToken)
	c.SetClientTimeout(0)
	response, err := c.Logical().ReadRawWithDataWithContext(ctx, "sys/pprof/profile", map[string][]string{"seconds": {fmt.Sprint(seconds)}})
	if err != nil {
		return err
	}
	defer response.Body.Close()
	return save(response.Body, file)
}

func save(content io.Reader, file string) error {
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, content)
	return errors.Join(err, out.Close())
}
