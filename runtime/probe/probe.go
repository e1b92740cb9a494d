package probe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
)

// The most that one run does.
const (
	maxRequest = 4 << 20 // bytes
	maxTimeout = 30 * time.Second
	parallel   = 64
)

// Prober makes attempts.
type Prober struct {
	// Vault is the key service; only attempts with a key need it.
	Vault seal.VaultConfig
	// ResolvConf is the file that names the pod's name server.
	ResolvConf string
}

// Run reads a request, makes its attempts, and writes their results as one JSON
// array in the request's order.
func (p Prober) Run(ctx context.Context, in io.Reader, out io.Writer) error {
	request, err := read(in)
	if err != nil {
		return err
	}
	results, err := p.try(ctx, request)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(results)
}

func read(in io.Reader) (binding.ProbeRequest, error) {
	var request binding.ProbeRequest
	data := json.NewDecoder(io.LimitReader(in, maxRequest))
	data.DisallowUnknownFields()
	if err := data.Decode(&request); err != nil {
		return request, fmt.Errorf("probe request on the standard input (at most %d bytes): %w", maxRequest, err)
	}
	if request.TimeoutMillis < 1 || request.TimeoutMillis > maxTimeout.Milliseconds() {
		return request, fmt.Errorf("probe request: timeoutMillis: must be between 1 and %d", maxTimeout.Milliseconds())
	}
	return request, nil
}

func (p Prober) try(ctx context.Context, request binding.ProbeRequest) ([]binding.ProbeResult, error) {
	vault, err := seal.NewVault(p.Vault)
	if err != nil {
		return nil, err
	}
	results := make([]binding.ProbeResult, len(request.Tasks))
	var group errgroup.Group
	group.SetLimit(parallel)
	for i, task := range request.Tasks {
		group.Go(func() error {
			ctx, cancel := context.WithTimeout(ctx, time.Duration(request.TimeoutMillis)*time.Millisecond)
			defer cancel()
			results[i] = p.attempt(ctx, vault, task)
			return nil
		})
	}
	return results, errors.Join(group.Wait(), ctx.Err())
}

func (p Prober) attempt(ctx context.Context, vault *seal.Vault, task binding.ProbeTask) binding.ProbeResult {
	switch task.Kind {
	case binding.ProbeTCP:
		return connect(ctx, task.Address)
	case binding.ProbeDNSUDP:
		return p.ask(ctx, "udp", task.Address)
	case binding.ProbeDNSTCP:
		return p.ask(ctx, "tcp", task.Address)
	case binding.ProbeKey:
		return useKey(ctx, vault, task.Key)
	}
	return failed(task.Address, fmt.Errorf("unknown kind %q", task.Kind))
}

func failed(address string, err error) binding.ProbeResult {
	return binding.ProbeResult{Outcome: binding.ProbeFailed, Address: address, Detail: err.Error()}
}
