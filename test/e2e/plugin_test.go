//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// plugin is the directory of the plugin that is tested, for kubectl to find it on PATH.
type plugin string

// buildPlugin compiles it as a user would.
func buildPlugin(ctx context.Context) plugin {
	GinkgoHelper()
	dir := GinkgoT().TempDir()
	build := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(dir, "kubectl-bulkhead"), "./cmd/kubectl-bulkhead")
	build.Dir = repo
	out, err := build.CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), "%s", out)
	return plugin(dir)
}

func (p plugin) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "kubectl", append([]string{"bulkhead"}, args...)...)
	cmd.Env = append(os.Environ(), "PATH="+string(p)+string(os.PathListSeparator)+os.Getenv("PATH"))
	return cmd
}

// run returns the exit code, what was printed, and what was said besides.
func (p plugin) run(ctx context.Context, args ...string) (code int, out, said string) {
	GinkgoHelper()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := p.command(ctx, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		Expect(err).NotTo(HaveOccurred())
	}
	GinkgoWriter.Printf("kubectl bulkhead %q: %v\n%s%s", args, err, &stdout, &stderr)
	return cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()
}

// isolation is what a program reads of the plugin's report.
type isolation struct {
	Summary struct{ Verdict string }
	Network []struct {
		From, To                              struct{ Kind, Cell, Address string }
		Relation, Expected, Observed, Verdict string
	}
	Checks []struct{ Subject, Claim, Verdict, Observed string }
}

func decodeIsolation(text string) isolation {
	GinkgoHelper()
	var i isolation
	Expect(json.Unmarshal([]byte(text), &i)).To(Succeed())
	return i
}

// verdicts are those of a row of the matrix, for one kind of pod.
func (i isolation) verdicts(from, relation string) []string {
	var all []string
	for _, pair := range i.Network {
		if pair.From.Kind == from && pair.Relation == relation {
			all = append(all, pair.Verdict)
		}
	}
	return all
}

// at are the verdicts of the tenants' pods on one address.
func (i isolation) at(address string) []string {
	var all []string
	for _, pair := range i.Network {
		if pair.From.Kind == "runtime" && pair.To.Address == address {
			all = append(all, pair.Verdict)
		}
	}
	return all
}

// claims are the checks besides packets, by what they claim.
func (i isolation) claims() map[string][]string {
	all := map[string][]string{}
	for _, c := range i.Checks {
		all[c.Claim] = append(all[c.Claim], c.Verdict)
	}
	return all
}
