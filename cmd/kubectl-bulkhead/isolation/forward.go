package isolation

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/httpstream"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"

	"github.com/bulkhead-dev/bulkhead/cmd/kubectl-bulkhead/isolation/matrix"
)

// What makes a server that listens say something.
var (
	helloHTTP       = []byte("GET / HTTP/1.0\r\n\r\n")
	helloPostgreSQL = []byte{0, 0, 0, 8, 4, 210, 22, 47} // SSLRequest
)

// helloLimit is how long an answer may take.
const helloLimit = 5 * time.Second

// listening asks the servers behind the walls, by way of their kubelets, whether
// they are there: the walls let nobody else ask. Who does not answer is no
// error, only no evidence.
func (t *test) listening(ctx context.Context, s *survey) matrix.Evidence {
	alive := matrix.Evidence{}
	ask := func(pods []corev1.Pod, port int32, hello []byte) {
		for i := range pods {
			if err := t.hello(ctx, &pods[i], port, hello); err != nil {
				t.say("%s/%s port %d did not answer by port-forward: %v", pods[i].Namespace, pods[i].Name, port, err)
				continue
			}
			for _, ip := range pods[i].Status.PodIPs {
				alive[at(ip.IP, port)] = "port-forward of its kubelet"
			}
		}
	}
	for _, c := range s.cells {
		for _, port := range runtimePorts {
			ask(c.runtimePods, port, helloHTTP)
		}
		ask(c.databasePods, portPostgreSQL, helloPostgreSQL)
	}
	return alive
}

// hello sends bytes to a port inside a pod and waits for one in return.
func (t *test) hello(ctx context.Context, pod *corev1.Pod, port int32, hello []byte) error {
	dialer, err := t.dialer(pod)
	if err != nil {
		return err
	}
	conn, _, err := dialer.Dial(portforward.PortForwardProtocolV1Name)
	if err != nil {
		return err
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(ctx, helloLimit)
	defer cancel()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })() // a stream has no deadline of its own

	headers := http.Header{}
	headers.Set(corev1.PortHeader, strconv.Itoa(int(port)))
	headers.Set(corev1.PortForwardRequestIDHeader, "0")
	headers.Set(corev1.StreamType, corev1.StreamTypeError)
	if _, err := conn.CreateStream(headers); err != nil {
		return err
	}
	headers.Set(corev1.StreamType, corev1.StreamTypeData)
	data, err := conn.CreateStream(headers)
	if err != nil {
		return err
	}
	if _, err := data.Write(hello); err != nil {
		return err
	}
	if n, err := data.Read(make([]byte, 1)); n == 0 {
		return fmt.Errorf("no answer: %w", err)
	}
	return nil
}

// dialer uses WebSockets and, where they do not get through, SPDY, as kubectl does.
func (t *test) dialer(pod *corev1.Pod) (httpstream.Dialer, error) {
	target := t.core.Post().Resource("pods").Namespace(pod.Namespace).Name(pod.Name).SubResource("portforward").URL()
	transport, upgrader, err := spdy.RoundTripperFor(t.Config)
	if err != nil {
		return nil, err
	}
	websocket, err := portforward.NewSPDYOverWebsocketDialer(target, t.Config)
	if err != nil {
		return nil, err
	}
	plain := spdy.NewDialer(upgrader, &http.Client{Transport: transport}, http.MethodPost, target)
	return portforward.NewFallbackDialer(websocket, plain, noUpgrade), nil
}
