package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

func kubeconfigCommand(flags *flags) *cobra.Command {
	return &cobra.Command{
		Use:     "kubeconfig",
		Short:   "Print the path of the administrator's kubeconfig",
		Example: "  export KUBECONFIG=$(devcluster kubeconfig)",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			a, err := flags.app()
			if err != nil {
				return err
			}
			if _, err := os.Stat(a.cluster.Kubeconfig()); err != nil {
				return errNotRunning
			}
			fmt.Println(a.cluster.Kubeconfig())
			return nil
		},
	}
}

func logsCommand(flags *flags) *cobra.Command {
	var follow bool
	logs := &cobra.Command{
		Use:     "logs [COMPONENT]",
		Short:   "Print the end of a component's log, or the names of the components that have one",
		Example: "  devcluster logs kubelet --follow",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			a, err := flags.app()
			if err != nil {
				return err
			}
			if len(args) == 0 {
				return a.listLogs()
			}
			tail := exec.CommandContext(cmd.Context(), "tail", "-n", "100", a.cluster.Logs(args[0]+".log"))
			if follow {
				tail.Args = append(tail.Args, "-F")
			}
			tail.Stdout, tail.Stderr = os.Stdout, os.Stderr
			return tail.Run()
		},
	}
	logs.Flags().BoolVarP(&follow, "follow", "f", false, "go on printing what is added")
	return logs
}

func (a *app) listLogs() error {
	files, err := filepath.Glob(a.cluster.Logs("*.log"))
	if err != nil {
		return err
	}
	for _, file := range files {
		fmt.Println(strings.TrimSuffix(filepath.Base(file), ".log"))
	}
	return nil
}
