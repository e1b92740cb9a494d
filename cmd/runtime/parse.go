package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/bulkhead-dev/bulkhead/runtime/parse"
)

// parseCommand is what the server starts itself again as to read a file.
func parseCommand() *cobra.Command {
	return &cobra.Command{
		Use:    parse.Command,
		Short:  "Read a document that nobody trusts; the server starts this itself",
		Hidden: true,
		Run:    func(_ *cobra.Command, args []string) { os.Exit(parse.Child(args)) },
	}
}
