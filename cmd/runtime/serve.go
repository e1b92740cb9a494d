package main

import (
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	kruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/bulkhead-dev/bulkhead/cmd/memory"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/runtime/parse"
	"github.com/bulkhead-dev/bulkhead/runtime/replica"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
)

func serve(log *slog.Logger) *cobra.Command {
	c := replica.Config{Log: log}
	var kubeconfig string
	var percent int64
	cmd := &cobra.Command{
		Use:   binding.CommandServe,
		Short: "Serve the tenants whose Bindings are in the pod's namespace",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := required(cmd.Flags(), "namespace", "pod-name", "pod-uid", "vault-address", "vault-auth-mount"); err != nil {
				return err
			}
			if percent < 1 || percent > 100 {
				return fmt.Errorf("--%s must be 1 to 100", binding.FlagIndexTenantPercent)
			}
			c.Indexes.Tenant = c.Indexes.Bytes / 100 * percent
			memory.Leave(c.Parse.Children * c.Parse.Memory)
			memory.Spend()
			if err := memory.Withhold(); err != nil {
				return err
			}
			client, err := kubernetesClient(kubeconfig)
			if err != nil {
				return err
			}
			c.Kubernetes = client
			r, err := replica.New(cmd.Context(), c)
			if err != nil {
				return err
			}
			log.Info("serving", "api", r.APIAddress().String(), "ops", r.OpsAddress().String())
			return r.Run(cmd.Context())
		},
	}
	f := cmd.Flags()
	f.StringVar(&kubeconfig, "kubeconfig", "", "kubeconfig file, the pod's ServiceAccount when empty")
	f.StringVar(&c.Pod.Namespace, "namespace", os.Getenv(binding.EnvNamespace), "namespace of the pod and its Bindings")
	f.StringVar(&c.Pod.Name, "pod-name", os.Getenv(binding.EnvPodName), "name of the pod")
	f.StringVar(&c.Pod.UID, "pod-uid", os.Getenv(binding.EnvPodUID), "UID of the pod")

	servedFlags(f, &c)
	vaultFlags(f, &c.Vault)

	f.StringVar(&c.APIAddress, "api-address", fmt.Sprintf(":%d", binding.PortAPI), "address of the tenants' API")
	f.StringVar(&c.OpsAddress, "ops-address", fmt.Sprintf(":%d", binding.PortOps), "address of health and metrics")
	f.StringVar(&c.TLSDir, "tls-dir", binding.DirTLS, "directory of tls.crt and tls.key, plain HTTP when they are absent")

	f.DurationVar(&c.Lease, "key-lease", 300*time.Second, "how long data keys are used after the last proof of access")
	loadFlags(f, &c)
	f.Int64Var(&percent, binding.FlagIndexTenantPercent, 50, "of index-bytes, what one tenant's may take")
	parseFlags(f, &c.Parse)
	queueFlags(f, &c.Queue)
	f.DurationVar(&c.Patience, "patience", 10*time.Second, "how far a client may fall behind 64 KiB a second when it sends or receives")
	f.DurationVar(&c.Grace, "grace", 5*time.Second, "between failing readiness and closing the port")
	f.DurationVar(&c.Drain, "drain", 15*time.Second, "for requests in flight at the end, whose last 3s are for telling those that still wait; more than 6s, which a connection may take on which nothing was asked")
	return cmd
}

// servedFlags are about the databases of the tenants.
func servedFlags(f *pflag.FlagSet, c *replica.Config) {
	databaseFlags(f, &c.Database)
	f.Lookup("database-host").Usage += "; empty when the cell has no database"
	f.StringVar(&c.Database.AppPassword.File, "database-app-password-file", binding.DirDatabase+"/"+binding.FileAppPassword, "password of "+binding.RoleApp)
	f.StringVar(&c.Database.LanePassword.File, "database-lane-password-file", binding.DirDatabase+"/"+binding.FileLanePassword, "password of "+binding.RoleLane)
	f.Int32Var(&c.Database.AppConns, "database-connections", 16, "connections for tenants' data")
	f.Int32Var(&c.Database.LaneConns, "database-lane-connections", 4, "connections for read audit")
	f.Int32Var(&c.Database.TenantShare, "database-tenant-share", 4, "connections that one tenant may hold at a time")
	f.DurationVar(&c.Database.Wait, "database-wait", 2*time.Second, "how long a request waits for a connection")

	c.Dedicated.Port = binding.DatabasePort
	f.Int32Var(&c.Dedicated.AppConns, "dedicated-connections", 4, "connections to each tenant's own database, for its data")
	f.Int32Var(&c.Dedicated.LaneConns, "dedicated-lane-connections", 1, "connections to each tenant's own database, for read audit")
	f.DurationVar(&c.Dedicated.Wait, "dedicated-wait", 2*time.Second, "how long a request waits for a connection to its tenant's own database")
	f.DurationVar(&c.Handover, "dedicated-handover", time.Minute, "how long a tenant's own database is used over its former login while that of its Binding does not work")
}

// loadFlags are about how much is done at a time.
func loadFlags(f *pflag.FlagSet, c *replica.Config) {
	f.Int64Var(&c.Indexes.Bytes, "index-bytes", memory.Share(4), "memory of search indexes; a quarter of the container's when not set")
	f.Int64Var(&c.Indexes.ColdLoads, "cold-loads", 4, "search indexes that are loaded as a whole at a time, fewer than database-connections")
	f.DurationVar(&c.PurgeAfter, "purge-after", time.Minute, "how long terms of deleted documents stay in the sealed index, where nothing finds them")
	f.Int64Var(&c.InFlight, "in-flight", 256, "requests at a time")
	f.Int64Var(&c.Ingests, "ingests", 8, "uploads that are worked on at a time")
	f.Int64Var(&c.Uploads, "upload-bytes", memory.Share(8), "memory of uploads, half of it for one tenant; an eighth of the container's when not set")
	f.Int64Var(&c.Indexing, "indexing-bytes", memory.Share(6), "memory of indexing documents, about ten times the largest that there is room for; a sixth of the container's when not set")
}

// parseFlags are about the processes that read uploaded files.
func parseFlags(f *pflag.FlagSet, c *parse.Config) {
	f.Int64Var(&c.Children, "parse-children", 2, "processes that read uploaded files at a time")
	f.Int64Var(&c.Memory, "parse-memory", max(memory.Share(6), parse.LeastMemory), "memory of each of these processes, which the server does without; a sixth of the container's when not set, at least 96 MiB")
	f.DurationVar(&c.Wait, "parse-wait", 20*time.Second, "how long an upload waits for one of these processes")
}

// queueFlags are about the uploads that wait in the database.
func queueFlags(f *pflag.FlagSet, c *replica.Queue) {
	f.Int64Var(&c.Length, "queue-length", 1000, "uploads of one tenant that may wait in the database")
	f.Int64Var(&c.Workers, "queue-workers", 2, "waiting uploads that are worked on at a time")
	f.DurationVar(&c.Lease, "queue-lease", 30*time.Second, "after which another replica takes over the work of one that died")
	f.DurationVar(&c.Poll, "queue-poll", time.Second, "between two looks for uploads that wait, those of other replicas above all")
	f.DurationVar(&c.Retry, "queue-retry", 5*time.Second, "before the second of five attempts; it doubles with every other")
}

// vaultFlags are those of every command that uses keys.
func vaultFlags(f *pflag.FlagSet, c *seal.VaultConfig) {
	f.StringVar(&c.Address, "vault-address", os.Getenv(binding.EnvVaultAddress), "URL of Vault")
	f.StringVar(&c.AuthMount, "vault-auth-mount", os.Getenv(binding.EnvVaultAuth), "mount path of the Kubernetes auth method")
	f.StringVar(&c.CAFile, "vault-ca-file", binding.DirVaultCA+"/"+binding.FileCA, "CA of Vault, the system's roots when the file is absent")
	f.StringVar(&c.TokenFile, "vault-token-file", binding.DirVaultToken+"/"+binding.FileVaultToken, "projected ServiceAccount token")
}

// required names the first flag that neither the command line nor the
// environment set.
func required(f *pflag.FlagSet, names ...string) error {
	for _, name := range names {
		if f.Lookup(name).Value.String() == "" {
			return fmt.Errorf("--%s is not set, nor its environment variable", name)
		}
	}
	return nil
}

func kubernetesClient(kubeconfig string) (kubernetes.Interface, error) {
	config, err := rest.InClusterConfig()
	if kubeconfig != "" {
		config, err = clientcmd.BuildConfigFromFlags("", kubeconfig)
	}
	if err != nil {
		return nil, fmt.Errorf("kubernetes client: %w", err)
	}
	config.UserAgent = "bulkhead-runtime"
	config.ContentType = kruntime.ContentTypeProtobuf // Secrets and ConfigMaps only, some of them large
	return kubernetes.NewForConfig(config)
}
