package scale

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// The writes that say how fast the machine's API server and etcd are: Secrets of
// about a Binding's size, by as many clients at a time as apply the tenants.
const (
	yardstickWrites = 2000
	yardstickBytes  = 1 << 10
)

// yardstick measures what the API server and etcd of this machine do with nothing
// but plain writes. Times of another machine are to be seen against its own.
func (b *bench) yardstick(ctx context.Context) error {
	content := map[string][]byte{"content": make([]byte, yardstickBytes)}
	began := time.Now()
	all, creating := errgroup.WithContext(ctx)
	all.SetLimit(atOnce)
	for i := range yardstickWrites {
		all.Go(func() error {
			return b.client.Create(creating, &corev1.Secret{
				ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceDefault, Name: fmt.Sprintf("yardstick-%d", i)}, Data: content,
			})
		})
	}
	if err := all.Wait(); err != nil {
		return err
	}
	b.plainWrites = yardstickWrites / time.Since(began).Seconds()
	b.figures.print("plain_writes", b.plainWrites, "writes/s")
	return b.client.DeleteAllOf(ctx, &corev1.Secret{}, client.InNamespace(metav1.NamespaceDefault))
}
