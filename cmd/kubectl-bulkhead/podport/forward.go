package podport

import (
	"context"
	"fmt"
	"io"

	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
)

// Forward makes a port of a pod answer at the loopback address that it returns, until
// the context ends.
func Forward(ctx context.Context, config *rest.Config, namespace, pod string, port int32) (address string, err error) {
	core, err := corev1client.NewForConfig(config)
	if err != nil {
		return "", err
	}
	dialer, err := Dialer(config, core.RESTClient(), namespace, pod)
	if err != nil {
		return "", err
	}
	ready, failed := make(chan struct{}), make(chan error, 1)
	forwarder, err := portforward.NewOnAddressesForStreamingWithContext(ctx, dialer, []string{"127.0.0.1"}, []string{fmt.Sprintf("0:%d", port)}, ready, io.Discard, io.Discard)
	if err != nil {
		return "", err
	}
	go func() { failed <- forwarder.ForwardPorts() }()
	select {
	case err := <-failed:
		return "", fmt.Errorf("port-forward to %s/%s: %w", namespace, pod, err)
	case <-ready:
	}
	ports, err := forwarder.GetPorts()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("127.0.0.1:%d", ports[0].Local), nil
}
