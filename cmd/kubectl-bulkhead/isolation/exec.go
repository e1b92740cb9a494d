package isolation

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/remotecommand"

	"github.com/bulkhead-dev/bulkhead/cmd/kubectl-bulkhead/podport"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

const (
	// attemptLimit is how long one connection may take to be made.
	attemptLimit = 3 * time.Second
	// keyLimit is that for a login and two operations at Vault.
	keyLimit = 10 * time.Second
	// execTries makes up for a connection that breaks.
	execTries = 3
)

// try makes attempts from a probe.
func (t *test) try(ctx context.Context, p *probe, limit time.Duration, tasks []binding.ProbeTask) ([]binding.ProbeResult, error) {
	request, err := json.Marshal(binding.ProbeRequest{TimeoutMillis: limit.Milliseconds(), Tasks: tasks})
	if err != nil {
		return nil, err
	}
	var out []byte
	for range execTries {
		if out, err = t.exec(ctx, p.pod, request); err == nil || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("run the probe in %s/%s: %w", p.pod.Namespace, p.pod.Name, err)
	}
	var results []binding.ProbeResult
	if err := json.Unmarshal(out, &results); err != nil || len(results) != len(tasks) {
		return nil, fmt.Errorf("the probe in %s/%s answered %d of %d attempts (%w); is its image older than this plugin?",
			p.pod.Namespace, p.pod.Name, len(results), len(tasks), err)
	}
	return results, nil
}

func (t *test) exec(ctx context.Context, pod *corev1.Pod, input []byte) ([]byte, error) {
	executor, err := t.executor(pod)
	if err != nil {
		return nil, err
	}
	var out, said bytes.Buffer
	err = executor.StreamWithContext(ctx, remotecommand.StreamOptions{Stdin: bytes.NewReader(input), Stdout: &out, Stderr: &said})
	if said.Len() > 0 && err != nil {
		err = fmt.Errorf("%w: %s", err, strings.TrimSpace(said.String()))
	}
	return out.Bytes(), err
}

// executor uses WebSockets and, where they do not get through, SPDY, as kubectl does.
func (t *test) executor(pod *corev1.Pod) (remotecommand.Executor, error) {
	target := t.core.Post().Resource("pods").Namespace(pod.Namespace).Name(pod.Name).SubResource("exec").
		VersionedParams(&corev1.PodExecOptions{
			Container: probeContainer,
			Command:   []string{binding.Program, binding.CommandProbe, binding.ProbeTry},
			Stdin:     true, Stdout: true, Stderr: true,
		}, scheme.ParameterCodec).URL()
	spdy, err := remotecommand.NewSPDYExecutor(t.Config, "POST", target)
	if err != nil {
		return nil, err
	}
	websocket, err := remotecommand.NewWebSocketExecutor(t.Config, "GET", target.String())
	if err != nil {
		return nil, err
	}
	return remotecommand.NewFallbackExecutor(websocket, spdy, podport.NoUpgrade)
}
