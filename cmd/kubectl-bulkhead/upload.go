package main

import (
	"errors"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/bulkhead-dev/bulkhead/cmd/kubectl-bulkhead/upload"
)

const uploadHelp = `Send files to a tenant, and wait until they are documents.

Directories are sent with all that is below them; a document has the name of its
place in the directory. Text, Markdown, HTML, PDF, DOCX, PPTX, XLSX and EML are
sent, by their names' extensions; hidden files, links and other types are not.

It can be repeated: what is there already is not read again, so that a run which was
interrupted goes on where it was. Nothing is deleted.

The tenant's API is reached through a port-forward to a pod that serves it, with
the tenant's first API key, which is not shown. That takes the rights to get the
Tenant and its Secret in bulkhead-credentials, and to list and port-forward the pods
of its cell. Who has not got them gives --url and --key-file, and needs no cluster.

Exit codes:
  0  all files are documents
  1  some are not, and are printed with what to do about them
  2  it could not be run to its end`

const uploadExample = `  kubectl bulkhead upload acme ./handbook

  # what would be sent, and how the documents would be called
  kubectl bulkhead upload acme ./handbook --prefix handbook/ --dry-run

  # with no rights in the cluster
  kubectl bulkhead upload acme ./handbook --url https://acme.tenants.example.com --key-file key.txt`

func uploadCommand(kube *genericclioptions.ConfigFlags) *cobra.Command {
	o := upload.Options{Config: kube.ToRESTConfig, Report: 5 * time.Second}
	cmd := &cobra.Command{
		Use:     "upload TENANT PATH...",
		Short:   "Send files to a tenant, and wait until they are documents",
		Long:    uploadHelp,
		Example: uploadExample,
		Args:    cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.Concurrency < 1 {
				return errors.New("--concurrency must be 1 or more")
			}
			o.Tenant, o.Paths = args[0], args[1:]
			o.Out, o.Progress = cmd.OutOrStdout(), cmd.ErrOrStderr()
			summary, err := upload.Run(cmd.Context(), o)
			if err != nil {
				return err
			}
			if err := summary.Text(cmd.OutOrStdout()); err != nil {
				return err
			}
			if len(summary.Failures) > 0 {
				return errDiffers
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.URL, "url", "", "address of the tenant's API (default: a pod that serves it)")
	f.StringVar(&o.KeyFile, "key-file", "", "file with an API key of the tenant (default: its first one, from its Secret)")
	f.StringVar(&o.Prefix, "prefix", "", "what the documents' names begin with")
	f.IntVar(&o.Concurrency, "concurrency", 2, "files that are sent at a time; plans limit it")
	f.BoolVar(&o.DryRun, "dry-run", false, "print what would be sent")
	return cmd
}
