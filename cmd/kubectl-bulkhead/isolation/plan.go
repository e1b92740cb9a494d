package isolation

import (
	"context"
	"fmt"
	"io"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"
)

// Plan writes what a test would make, and the ClusterRole that it needs, as YAML.
// It only reads.
func Plan(ctx context.Context, o Options, out io.Writer) error {
	t, err := newTest(o)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "# Who runs the test needs these rights. Attempts at labels and at a privileged pod are dry runs.")
	if err := write(out, ClusterRole()); err != nil {
		return err
	}
	s, err := t.survey(ctx)
	if err != nil {
		return err
	}
	t.foreign = foreignNamespace(t.until)
	probes, err := t.planProbes(s)
	if err != nil {
		return err
	}
	if err := write(out, t.foreign); err != nil {
		return err
	}
	for _, p := range probes {
		fmt.Fprintf(out, "# %s\n", p.vantage)
		if err := write(out, p.pod); err != nil {
			return err
		}
	}
	return nil
}

func write(out io.Writer, object runtime.Object) error {
	text, err := yaml.Marshal(object)
	fmt.Fprintf(out, "---\n%s", text)
	return err
}
