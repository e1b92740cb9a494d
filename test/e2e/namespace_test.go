//go:build e2e

package e2e

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// makeNamespace makes one that is not the operator's, until the test ends. A run that was killed may have
// left it.
func makeNamespace(ctx context.Context, name string) *corev1.Namespace {
	GinkgoHelper()
	return makeNamespaceIn(ctx, k, name)
}

func makeNamespaceIn(ctx context.Context, c client.Client, name string) *corev1.Namespace {
	GinkgoHelper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	left := namespace.DeepCopy()
	Expect(client.IgnoreNotFound(c.Delete(ctx, left))).To(Succeed())
	goneFrom(ctx, c, left)
	Expect(c.Create(ctx, namespace)).To(Succeed())
	DeferCleanup(func(ctx SpecContext) { Expect(c.Delete(ctx, namespace)).To(Succeed()) })
	return namespace
}
