package main

import (
	"github.com/spf13/cobra"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/runtime/probe"
)

// probeCommand is what the isolation test of kubectl-bulkhead runs in pods of its own.
func probeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   binding.CommandProbe,
		Short: "Try from inside a pod what the walls around it are there to stop",
	}
	cmd.AddCommand(probeWait(), probeTry())
	return cmd
}

func probeWait() *cobra.Command {
	var address string
	cmd := &cobra.Command{
		Use:   binding.ProbeWait,
		Short: "Keep the pod alive, for \"try\" to be run in it",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return probe.Wait(cmd.Context(), address) },
	}
	cmd.Flags().StringVar(&address, "listen", "", "accept connections at this address, for other probes")
	return cmd
}

func probeTry() *cobra.Command {
	p := probe.Prober{ResolvConf: "/etc/resolv.conf"}
	cmd := &cobra.Command{
		Use:   binding.ProbeTry,
		Short: "Read attempts as JSON from the input, write what came of them to the output",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.Run(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout())
		},
	}
	vaultFlags(cmd.Flags(), &p.Vault)
	return cmd
}
