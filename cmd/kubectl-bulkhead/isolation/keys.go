package isolation

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/cmd/kubectl-bulkhead/isolation/matrix"
	"github.com/bulkhead-dev/bulkhead/cmd/kubectl-bulkhead/isolation/report"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// keyUse is an attempt at a key of Vault, from one cell's probe.
type keyUse struct {
	tenant string // whose key it is
	// proof are the tenants whose own keys must open for a refusal to mean something.
	proof  []string
	task   binding.ProbeTask
	result binding.ProbeResult
}

// keyUses are the attempts of one cell: at its own tenants' keys; at others' with
// their own roles, whose login refuses it; at others' with a role of its own,
// whose policy does.
type keyUses struct {
	cell                  string
	own, foreign, crossed []keyUse
}

// keys tries Vault from inside each cell, with the identity of its runtime.
func (t *test) keys(ctx context.Context, s *survey) ([]report.Check, error) {
	var all []*keyUses
	opened := map[string]bool{}
	for _, c := range s.cells {
		if c.runtime == nil {
			continue
		}
		uses := t.planKeys(s, c)
		if err := t.useKeys(ctx, uses); err != nil {
			return nil, err
		}
		for _, use := range uses.own {
			if use.result.Outcome == binding.ProbeOpen {
				opened[use.tenant] = true
			}
		}
		all = append(all, uses)
	}
	var checks []report.Check
	for _, uses := range all {
		checks = append(checks, uses.judge(opened)...)
	}
	return checks, nil
}

func (t *test) planKeys(s *survey, c *cell) *keyUses {
	uses := &keyUses{cell: c.name}
	for _, other := range s.cells {
		for _, tenant := range other.sample {
			if other == c {
				uses.own = append(uses.own, t.keyUse(tenant, tenant))
			} else {
				uses.foreign = append(uses.foreign, t.keyUse(tenant, tenant))
			}
			if len(c.sample) > 0 && c.sample[0].Name != tenant.Name {
				uses.crossed = append(uses.crossed, t.keyUse(c.sample[0], tenant))
			}
		}
	}
	return uses
}

// keyUse is an attempt at the key of one tenant, with the role of another or the same.
func (t *test) keyUse(role, key v1alpha1.Tenant) keyUse {
	return keyUse{
		tenant: key.Name, proof: []string{role.Name, key.Name},
		task: binding.ProbeTask{Kind: binding.ProbeKey, Key: &binding.Key{
			Provider: binding.ProviderTransit, Mount: t.TransitMount,
			Role: desired.VaultRole(role.Status.ID), Name: desired.KeyName(key.Status.ID),
		}},
	}
}

func (t *test) useKeys(ctx context.Context, uses *keyUses) error {
	var pending []*keyUse
	var tasks []binding.ProbeTask
	for _, part := range [][]keyUse{uses.own, uses.foreign, uses.crossed} {
		for i := range part {
			pending = append(pending, &part[i])
			tasks = append(tasks, part[i].task)
		}
	}
	if len(tasks) == 0 {
		return nil
	}
	from := t.probeOf(matrix.Vantage{Kind: matrix.VantageRuntime, Cell: uses.cell})
	results, err := t.try(ctx, from, keyLimit, tasks)
	if err != nil {
		return err
	}
	for i, result := range results {
		pending[i].result = result
	}
	return nil
}

func (u *keyUses) judge(opened map[string]bool) []report.Check {
	subject := matrix.Vantage{Kind: matrix.VantageRuntime, Cell: u.cell}.String()
	return []report.Check{
		judgeKeys(subject, "it opens the keys of its own tenants", binding.ProbeOpen, u.own, nil),
		judgeKeys(subject, "Vault refuses it the roles of other cells' tenants", binding.ProbeDenied, u.foreign, opened),
		judgeKeys(subject, "the role of one tenant opens no other tenant's key", binding.ProbeDenied, u.crossed, opened),
	}
}

// judgeKeys: that a key is refused means something only if somebody opens it.
func judgeKeys(subject, claim string, expected binding.ProbeOutcome, uses []keyUse, opened map[string]bool) report.Check {
	check := report.Check{
		Subject: subject, Claim: claim, Verdict: matrix.Pass,
		Advice: "compare the tenants' roles and policies, bulkhead-t-<id>, with what the operator makes; it repairs them when it looks at a tenant again, its restart makes it look",
	}
	var wrong, unproven, right []string
	for _, use := range uses {
		meant := expected == binding.ProbeOpen || !slices.ContainsFunc(use.proof, func(tenant string) bool { return !opened[tenant] })
		switch outcome := use.result.Outcome; {
		case outcome == expected && meant:
			right = append(right, use.tenant)
		case outcome == binding.ProbeOpen, outcome == binding.ProbeDenied && expected == binding.ProbeOpen:
			wrong = append(wrong, fmt.Sprintf("%s: %s", use.tenant, outcome))
		default:
			unproven = append(unproven, strings.TrimSpace(fmt.Sprintf("%s: %s %s", use.tenant, outcome, use.result.Detail)))
		}
	}
	switch {
	case len(uses) == 0:
		check.Verdict, check.Observed = matrix.Shown, "there is no such tenant to try"
	case len(wrong) > 0:
		check.Verdict, check.Observed = matrix.Fail, strings.Join(wrong, ", ")
	case len(unproven) > 0:
		check.Verdict, check.Observed = matrix.Unproven, strings.Join(unproven, ", ")
	default:
		check.Observed = fmt.Sprintf("%s: %s", expected, strings.Join(right, ", "))
	}
	return check
}
