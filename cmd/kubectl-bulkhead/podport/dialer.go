// Package podport reaches ports of pods by way of their kubelets.
package podport

import (
	"net/http"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/streaming/pkg/httpstream"
)

// Dialer connects to a pod with WebSockets and, where they do not get through, SPDY,
// as kubectl does. core is a client of the core API.
func Dialer(config *rest.Config, core rest.Interface, namespace, pod string) (httpstream.Dialer, error) {
	target := core.Post().Resource("pods").Namespace(namespace).Name(pod).SubResource("portforward").URL()
	transport, upgrader, err := spdy.RoundTripperFor(config)
	if err != nil {
		return nil, err
	}
	websocket, err := portforward.NewSPDYOverWebsocketDialerForStreaming(target, config)
	if err != nil {
		return nil, err
	}
	plain := spdy.NewDialerForStreaming(upgrader, &http.Client{Transport: transport}, http.MethodPost, target)
	return portforward.NewFallbackDialerForStreaming(websocket, plain, NoUpgrade), nil
}

// NoUpgrade reports whether WebSockets did not get through.
func NoUpgrade(err error) bool {
	return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
}
