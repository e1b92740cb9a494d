package scale

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/bulkhead-dev/bulkhead/controllers"
	"github.com/bulkhead-dev/bulkhead/controllers/configuration"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/test/auditlog"
	"github.com/bulkhead-dev/bulkhead/test/fixture"
	"github.com/bulkhead-dev/bulkhead/test/kube"
)

// The programs whose processor time is counted.
const (
	apiServer = "kube-apiserver"
	etcd      = "etcd"
	openBao   = "openbao"
	manager   = "operator"
	ourselves = "user and stand-in"
)

// The servers are given memory for processor time, as one does where there is
// enough of it: beside thousands of tenants the processor is what there is too
// little of on a small machine.
const (
	collect        = "GOGC"
	serversCollect = "400"
)

// scene is one case: servers of its own, the operator, and so many tenants.
type scene struct {
	n        int
	dir      string
	kube     *kube.Kubernetes
	bao      *fixture.OpenBao
	client   client.Client
	operator *operator
	user     *user
	fail     context.CancelCauseFunc

	apiLog, vaultLog *auditlog.Log
	pids             map[string]int
}

// newScene starts the servers and the operator.
func newScene(ctx context.Context, t testing.TB, fail context.CancelCauseFunc, n int) (*scene, error) {
	s := &scene{n: n, dir: t.TempDir(), fail: fail, pids: map[string]int{ourselves: os.Getpid()}}
	t.Setenv(collect, serversCollect)
	s.bao = fixture.NewOpenBao(t)
	s.vaultLog, s.apiLog = &auditlog.Log{Path: s.bao.Audit}, &auditlog.Log{Path: filepath.Join(s.dir, "audit.log")}
	policy := filepath.Join(s.dir, "audit-policy.yaml")
	if err := os.WriteFile(policy, []byte(auditPolicy), 0o600); err != nil {
		return nil, err
	}
	var err error
	s.kube, err = kube.Start(ctx, kube.Options{Configure: func(plane *envtest.ControlPlane) {
		plane.GetAPIServer().Configure().Set("audit-policy-file", policy).Set("audit-log-path", s.apiLog.Path).
			Set("audit-log-maxsize", "100000") // MB: it is read from where it was left, and must not turn over
		plane.Etcd = &envtest.Etcd{}
		plane.Etcd.Configure().Set("quota-backend-bytes", fmt.Sprint(8<<30))
	}})
	t.Setenv(collect, "") // the operator has the default
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		if err := s.kube.Stop(); err != nil {
			t.Error(err)
		}
	})
	if err := s.connect(ctx, t); err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = s.operator.stop() })
	return s, s.operator.start()
}

// auditPolicy records what the operator and the stand-in for the runtime ask for.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived, ResponseStarted]
rules:
- {level: None, userGroups: ["system:serviceaccounts:openbao"]}
- {level: Metadata, userGroups: ["system:serviceaccounts"]}
- {level: None}
`

// connect makes the servers know one another.
func (s *scene) connect(ctx context.Context, t testing.TB) error {
	scheme, err := controllers.NewScheme()
	if err != nil {
		return err
	}
	if s.client, err = client.New(s.kube.Admin, client.Options{Scheme: scheme}); err != nil {
		return err
	}
	reviewer, err := s.reviewer(ctx)
	if err != nil {
		return err
	}
	s.bao.ReviewBy(t, s.kube.Admin.Host, string(s.kube.Admin.CAData), reviewer)
	s.bao.GrantOperator(t, desired.SystemNamespace, managerAccount)
	ca, err := os.ReadFile(s.bao.CAFile)
	if err != nil {
		return err
	}
	if s.operator, err = newOperator(ctx, s.kube, operatorConfiguration(s.bao.Address, string(ca)), s.dir); err != nil {
		return err
	}
	if err := s.kube.Kubectl(ctx, "apply", "-f", filepath.Join("..", "..", "config", "samples", "plan-starter.yaml")); err != nil {
		return err
	}
	for _, name := range []string{etcd, apiServer, openBao} {
		if s.pids[name], err = child(name); err != nil {
			return err
		}
	}
	return nil
}

// reviewer is the token with which OpenBao asks whether a token is genuine.
func (s *scene) reviewer(ctx context.Context) (string, error) {
	const name = "openbao"
	err := errors.Join(
		s.client.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}),
		s.client.Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: name, Name: name}}),
		s.client.Create(ctx, &rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "system:auth-delegator"},
			Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: name, Name: name}},
		}))
	if err != nil {
		return "", err
	}
	return s.kube.Token(ctx, name, name)
}

func operatorConfiguration(vault, ca string) configuration.Configuration {
	return configuration.Configuration{
		APIVersion: configuration.APIVersion, Kind: configuration.Kind,
		Images: configuration.Images{
			Runtime:    "registry.example/bulkhead/runtime@sha256:" + strings.Repeat("a", 64),
			PostgreSQL: "registry.example/postgresql:17@sha256:" + strings.Repeat("c", 64),
		},
		Vault: configuration.Vault{
			Address: vault, CABundle: ca, Audience: fixture.Audience,
			Egress: configuration.Egress{Port: 8200, Peers: []configuration.Peer{{Namespace: "vault"}}},
		},
	}
}

// cpus is the processor time that each program has used so far.
func (s *scene) cpus() (map[string]time.Duration, error) {
	_, used, problems := s.operator.usage()
	all := map[string]time.Duration{manager: used}
	for name, pid := range s.pids {
		used, err := cpu(pid)
		all[name], problems = used, errors.Join(problems, err)
	}
	return all, problems
}
