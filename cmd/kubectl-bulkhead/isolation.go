package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/bulkhead-dev/bulkhead/cmd/kubectl-bulkhead/isolation"
	"github.com/bulkhead-dev/bulkhead/cmd/kubectl-bulkhead/isolation/report"
)

const isolationHelp = `Prove with real packets and real requests that tenants are kept apart.

A probe pod in each chosen cell, with the labels and the ServiceAccount of the
pods that serve its tenants, and foreign pods, with and without such labels, try
to reach runtimes, databases, DNS, the API server, metadata addresses, kubelets
and the internet. "Blocked" counts where something shows that the target answers
to somebody else, or that it was a packet filter that said no. After that come
NetworkPolicies, Pod Security, the labels of namespaces, what the token of each
runtime is good for, and which keys it opens in Vault.

It changes nothing that serves: probes are never Ready, attempts at the API server
are dry runs or reads. Everything it makes is removed at the end, also after an
interrupt; --cleanup removes what a killed run left. The refused attempts do show
in the audit logs of Kubernetes and Vault.

Who runs it needs the ClusterRole bulkhead-isolation-verifier (--dry-run prints
it), in the whole cluster. With it one can run pods as any ServiceAccount: give it
to administrators only.

Exit codes:
  0  everything is as expected; what could not be proven is printed
  1  something differs, and is printed with what to do about it
  2  it could not be run`

const isolationExample = `  # two random cells among others, to be repeated with the seed that it prints
  kubectl bulkhead verify isolation --max-cells 2

  # the cells that serve one tenant, and its key, against all others
  kubectl bulkhead verify isolation --tenant acme --max-cells 0

  # for a program, such as a CronJob
  kubectl bulkhead verify isolation -o json`

// The formats of the report.
const (
	outputText = "text"
	outputJSON = "json"
)

type isolationFlags struct {
	isolation.Options
	output          string
	dryRun, cleanup bool
}

func verifyIsolation(kube *genericclioptions.ConfigFlags) *cobra.Command {
	var f isolationFlags
	cmd := &cobra.Command{
		Use:     "isolation",
		Short:   "Prove with real packets and real requests that tenants are kept apart",
		Long:    isolationHelp,
		Example: isolationExample,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if f.output != outputText && f.output != outputJSON {
				return fmt.Errorf("--output: %q must be %s or %s", f.output, outputText, outputJSON)
			}
			if f.Config, err = kube.ToRESTConfig(); err != nil {
				return err
			}
			f.Progress = cmd.ErrOrStderr()
			return f.run(cmd)
		},
	}
	f.add(cmd.Flags())
	return cmd
}

func (f *isolationFlags) add(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.Cells, "cell", nil, "a Cell that must be among the tested; repeat it for more")
	flags.StringArrayVar(&f.Tenants, "tenant", nil, "a Tenant whose cells and key must be among the tested; repeat it for more")
	flags.IntVar(&f.MaxCells, "max-cells", 10, "number of Cells to test, the rest of them chosen at random; 0 for all")
	flags.IntVar(&f.TenantsPerCell, "tenants-per-cell", 3, "number of tenants in each cell whose keys to try, chosen at random; 0 for all")
	flags.Uint64Var(&f.Seed, "seed", rand.Uint64N(1e9), "what is chosen at random; one run's seed repeats its choice")
	flags.Lookup("seed").DefValue = "random"
	flags.StringVar(&f.ProbeImage, "probe-image", "", "image of the runtime to run as probes (default: the one that each cell runs)")
	flags.StringVar(&f.TransitMount, "transit-mount", "transit", "path of Vault's transit secrets engine, as in the operator's configuration")
	flags.StringArrayVar(&f.Metadata, "metadata-address", isolation.DefaultMetadata, "IP:port that gives credentials to machines; repeat it for more")
	flags.StringArrayVar(&f.Internet, "internet-address", isolation.DefaultInternet, "IP:port outside of the cluster; repeat it for more")
	flags.DurationVar(&f.Timeout, "timeout", 5*time.Minute, "how long it may take")
	flags.StringVarP(&f.output, "output", "o", outputText, "format of the result: text or json")
	flags.BoolVar(&f.dryRun, "dry-run", false, "print what would be made and the rights that are needed, and only read")
	flags.BoolVar(&f.cleanup, "cleanup", false, "remove what any test has left or uses now, and test nothing")
}

func (f *isolationFlags) run(cmd *cobra.Command) error {
	switch {
	case f.cleanup:
		return isolation.Cleanup(cmd.Context(), f.Options)
	case f.dryRun:
		return isolation.Plan(cmd.Context(), f.Options, cmd.OutOrStdout())
	}
	found, err := isolation.Run(cmd.Context(), f.Options)
	if err != nil {
		return err
	}
	if err := f.print(cmd.OutOrStdout(), found); err != nil {
		return err
	}
	if found.Summary().Failed > 0 {
		return errDiffers
	}
	return nil
}

func (f *isolationFlags) print(out io.Writer, found *report.Report) error {
	if f.output == outputJSON {
		return found.JSON(out)
	}
	return found.Text(out)
}
