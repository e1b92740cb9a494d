// Command manager is the Bulkhead operator: flags and wiring only.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/uuid"
	coordinationv1client "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/client-go/util/flowcontrol"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics/filters"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/bulkhead-dev/bulkhead/cmd/memory"
	"github.com/bulkhead-dev/bulkhead/controllers"
	"github.com/bulkhead-dev/bulkhead/controllers/configuration"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/controllers/provider/vault"
)

type flags struct {
	config         string
	vaultToken     string
	metricsAddress string
	healthAddress  string
	pprofAddress   string
	namespace      string
	serviceAccount string
	leaderElection bool
	qps            float32
	burst          int
	verbose        bool
}

func main() {
	memory.Limit()
	if err := command().ExecuteContext(ctrl.SetupSignalHandler()); err != nil {
		os.Exit(1)
	}
}

func command() *cobra.Command {
	var f flags
	cmd := &cobra.Command{
		Use:           "manager",
		Short:         "Reconcile Tenants, Cells and Plans",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: false,
		RunE:          func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), f) },
	}
	cmd.Flags().StringVar(&f.config, "config", "/etc/bulkhead/config.yaml", "configuration file")
	cmd.Flags().StringVar(&f.vaultToken, "vault-token-file", "/var/run/secrets/bulkhead/vault-token", "projected ServiceAccount token for the login to Vault")
	cmd.Flags().StringVar(&f.metricsAddress, "metrics-address", ":8443", "address of the authenticated HTTPS metrics endpoint; 0 turns it off")
	cmd.Flags().StringVar(&f.healthAddress, "health-address", ":8081", "address of /healthz and /readyz")
	cmd.Flags().StringVar(&f.pprofAddress, "pprof-address", "0", "address of Go's profiles, which anybody may read who reaches it: use 127.0.0.1:6060; 0 turns it off")
	cmd.Flags().StringVar(&f.namespace, "namespace", os.Getenv("POD_NAMESPACE"), "namespace of the operator (default $POD_NAMESPACE)")
	cmd.Flags().StringVar(&f.serviceAccount, "service-account", "bulkhead-manager", "ServiceAccount of the operator")
	cmd.Flags().BoolVar(&f.leaderElection, "leader-elect", true, "let one of several replicas work at a time")
	cmd.Flags().Float32Var(&f.qps, "kube-api-qps", 500, "requests a second to the Kubernetes API, of all kinds together; a new Shared tenant takes four")
	cmd.Flags().IntVar(&f.burst, "kube-api-burst", 1000, "requests to the Kubernetes API in a burst")
	cmd.Flags().BoolVar(&f.verbose, "verbose", false, "log each reconcile")
	return cmd
}

func run(ctx context.Context, f flags) error {
	ctrl.SetLogger(zap.New(zap.UseDevMode(f.verbose)))
	config, err := configuration.Load(f.config)
	if err != nil {
		return err
	}
	if f.namespace == "" {
		return fmt.Errorf("--namespace: set it, or $POD_NAMESPACE, to the operator's own namespace")
	}
	mgr, err := newManager(f)
	if err != nil {
		return err
	}
	keys, err := vault.New(vault.Options{
		Address:      config.Vault.Address,
		CABundle:     config.Vault.CABundle,
		TransitMount: config.Vault.TransitMount,
		AuthMount:    config.Vault.AuthMount,
		Role:         config.Vault.Role,
		Audience:     config.Vault.Audience,
		TokenFile:    f.vaultToken,
	})
	if err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	err = controllers.Setup(ctx, mgr, controllers.Options{
		Config:  config,
		Manager: desired.ServiceAccount(f.namespace, f.serviceAccount),
		Keys:    keys,
		Mounts:  keys,
		Clock:   time.Now,
	})
	if err != nil {
		return err
	}
	return mgr.Start(ctx)
}

func newManager(f flags) (manager.Manager, error) {
	scheme, err := controllers.NewScheme()
	if err != nil {
		return nil, err
	}
	config, err := ctrl.GetConfig()
	if err != nil {
		return nil, err
	}
	lock, err := leaseLock(config, f.namespace) // not throttled: a busy leader stays one
	if err != nil {
		return nil, err
	}
	// One bucket: with QPS and Burst, every kind's client would make one of its own.
	config.RateLimiter = flowcontrol.NewTokenBucketRateLimiter(f.qps, f.burst)
	mgr, err := ctrl.NewManager(config, manager.Options{
		Scheme:                 scheme,
		Cache:                  controllers.CacheOptions(),
		Client:                 controllers.ClientOptions(),
		Metrics:                metricsserver.Options{BindAddress: f.metricsAddress, SecureServing: true, FilterProvider: filters.WithAuthenticationAndAuthorization},
		HealthProbeBindAddress: f.healthAddress,
		PprofBindAddress:       f.pprofAddress,
		LeaderElection:         f.leaderElection,
		// The process ends with the lease, so that a successor starts at once.
		LeaderElectionReleaseOnCancel:       true,
		LeaderElectionResourceLockInterface: lock,
	})
	if err != nil {
		return nil, err
	}
	if err := mgr.AddHealthzCheck("ping", healthz.Ping); err != nil {
		return nil, err
	}
	return mgr, mgr.AddReadyzCheck("ping", healthz.Ping)
}

// leaseLock is a lock that writes no Event at every change of leader: a restart
// of the operator writes nothing but its Lease.
func leaseLock(config *rest.Config, namespace string) (resourcelock.Interface, error) {
	leases, err := coordinationv1client.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, err
	}
	return &resourcelock.LeaseLock{
		LeaseMeta:  metav1.ObjectMeta{Namespace: namespace, Name: "bulkhead-manager"},
		Client:     leases,
		LockConfig: resourcelock.ResourceLockConfig{Identity: host + "_" + string(uuid.NewUUID())},
	}, nil
}
