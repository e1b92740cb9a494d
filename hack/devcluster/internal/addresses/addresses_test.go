package addresses

import (
	"net/netip"
	"testing"
)

// TestFirst keeps the addresses that clusters have had before there were others.
func TestFirst(t *testing.T) {
	plan := Of(0)
	for want, got := range map[string]any{
		"10.99.0.10":    plan.Node,
		"10.96.0.0/16":  plan.Services,
		"10.244.0.0/16": plan.Pods,
		"10.244.0.0/24": plan.NodePods,
		"10.96.0.1":     plan.API,
		"10.96.0.10":    plan.DNS,
		"10.96.0.20":    plan.Vault,
	} {
		if s, ok := got.(interface{ String() string }); !ok || s.String() != want {
			t.Errorf("got %v, want %s", got, want)
		}
	}
}

// TestPlansAreApart: no two of all the clusters' ranges meet, whichever clusters they are of.
func TestPlansAreApart(t *testing.T) {
	var ranges []netip.Prefix
	for n := range Clusters {
		p := Of(n)
		ranges = append(ranges, netip.PrefixFrom(p.Node, 24).Masked(), p.Services, p.Pods)
	}
	for i, a := range ranges {
		for _, b := range ranges[i+1:] {
			if a.Overlaps(b) {
				t.Errorf("%s and %s overlap", a, b)
			}
		}
	}
}

func TestPlansAreWhole(t *testing.T) {
	for n := range Clusters {
		p := Of(n)
		for _, service := range []netip.Addr{p.API, p.DNS, p.Vault} {
			if !p.Services.Contains(service) {
				t.Errorf("ordinal %d: service %s is outside of %s", n, service, p.Services)
			}
		}
		if !p.Pods.Contains(p.NodePods.Addr()) || !AllPods.Contains(p.Pods.Addr()) {
			t.Errorf("ordinal %d: pods %s are outside of %s or %s", n, p.NodePods, p.Pods, AllPods)
		}
		if AllPods.Contains(p.Node) || AllPods.Overlaps(p.Services) {
			t.Errorf("ordinal %d: %s takes in more than pods", n, AllPods)
		}
	}
}

func TestCheck(t *testing.T) {
	for ordinal, ok := range map[int]bool{-1: false, 0: true, Clusters - 1: true, Clusters: false} {
		if err := Check(ordinal); (err == nil) != ok {
			t.Errorf("Check(%d) = %v, want ok: %v", ordinal, err, ok)
		}
	}
}
