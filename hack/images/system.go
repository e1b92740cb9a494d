package images

import (
	"context"
	"path/filepath"
	"runtime"

	"github.com/bulkhead-dev/bulkhead/hack/cache"
	"github.com/bulkhead-dev/bulkhead/hack/upstream"
)

// CoreDNS makes the DNS server's image from the Kubernetes set. It is root in its container, to
// listen on port 53.
func CoreDNS(ctx context.Context, store cache.Dir, binaries string) (Image, error) {
	return Binary(ctx, store, "registry.local/coredns:"+upstream.CoreDNSVersion,
		filepath.Join(binaries, "coredns"), "coredns", "0")
}

// OpenBao makes the key server's image.
func OpenBao(ctx context.Context, store cache.Dir, binaries string) (Image, error) {
	return Binary(ctx, store, "registry.local/openbao:"+upstream.OpenBaoVersion,
		filepath.Join(binaries, "openbao"), "openbao", nonRoot)
}

// CloudNativePG makes the PostgreSQL operator's image. The operator looks for itself by architecture,
// to offer instances a binary of theirs.
func CloudNativePG(ctx context.Context, store cache.Dir, binaries string) (Image, error) {
	program := "operator/manager_" + runtime.GOARCH
	return Build(ctx, store, Spec{
		Ref: "registry.local/cloudnative-pg:" + upstream.CloudNativePGVersion,
		Files: []File{
			{Source: filepath.Join(binaries, "cnpg-manager"), Target: "/" + program},
			{Link: program, Target: "/manager"},
		},
		User:       nonRoot,
		Entrypoint: []string{"/manager"},
	})
}
