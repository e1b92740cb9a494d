package isolation

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/portforward"

	"github.com/bulkhead-dev/bulkhead/cmd/kubectl-bulkhead/isolation/matrix"
	"github.com/bulkhead-dev/bulkhead/cmd/kubectl-bulkhead/podport"
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
	var lock sync.Mutex
	var group errgroup.Group
	group.SetLimit(parallel)
	ask := func(pods []corev1.Pod, port int32, hello []byte) {
		for i := range pods {
			group.Go(func() error {
				err := t.hello(ctx, &pods[i], port, hello)
				lock.Lock()
				defer lock.Unlock()
				if err != nil {
					t.say("%s/%s did not answer at port %d by port-forward: %v", pods[i].Namespace, pods[i].Name, port, err)
					return nil
				}
				for _, address := range addresses(&pods[i], port) {
					alive[address] = "port-forward of its kubelet"
				}
				return nil
			})
		}
	}
	for _, c := range s.cells {
		for _, port := range runtimePorts {
			ask(c.runtimePods, port, helloHTTP)
		}
		ask(c.databasePods, portPostgreSQL, helloPostgreSQL)
	}
	_ = group.Wait() // none of them fails
	return alive
}

// hello sends bytes to a port inside a pod and waits for one in return.
func (t *test) hello(ctx context.Context, pod *corev1.Pod, port int32, hello []byte) error {
	dialer, err := podport.Dialer(t.Config, t.core, pod.Namespace, pod.Name)
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
