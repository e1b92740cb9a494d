package main

import (
	"fmt"
	"path/filepath"
	"strings"
)

// next says what somebody can try now that everything runs.
func (d *demo) next() {
	lines := []string{
		"",
		"Every step held. The cluster keeps running; things to try:",
		"",
		fmt.Sprintf("  export KUBECONFIG=%s", d.cluster.Kubeconfig),
	}
	if d.cluster.Bin != "" {
		lines = append(lines, fmt.Sprintf("  export PATH=%s:$PATH", d.cluster.Bin))
	}
	lines = append(lines,
		"  kubectl get cells,plans,tenants",
		"  kubectl get tenant acme -o yaml",
		"",
		"  kubectl port-forward -n "+runtimeNamespace+" service/runtime 8080:80 &",
		"  "+keyLine("KEY", "acme"),
		`  curl localhost:8080/v1/answer -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" \`,
		`    -d '{"query": "How much of the smell does the CataSpark filter remove?"}'`,
		"",
		"  kubectl logs -n bulkhead-system deployment/bulkhead-manager    # the operator",
		"  kubectl logs -n "+runtimeNamespace+" deployment/runtime              # the runtime",
	)
	if d.cluster.Bin != "" {
		lines = append(lines,
			"  ls "+filepath.Dir(d.cluster.Logs())+"    # everything else",
			"  go run -C hack ./devcluster down --state "+d.cluster.State+"    # stop it, and keep its state",
		)
	}
	fmt.Fprintln(d.screen.out, strings.Join(append(lines, ""), "\n"))
}
