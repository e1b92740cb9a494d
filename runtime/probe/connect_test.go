package probe

import (
	"context"
	"syscall"
	"testing"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

func TestUnconnected(t *testing.T) {
	portUnreachable := &icmp{version: 4, kind: 3, code: 3, offender: "10.0.0.1"}
	for name, c := range map[string]struct {
		refusal *icmp
		err     error
		outcome binding.ProbeOutcome
	}{
		"a reset":                          {nil, syscall.ECONNREFUSED, binding.ProbeRefused},
		"iptables REJECT":                  {portUnreachable, syscall.ECONNREFUSED, binding.ProbeRejected},
		"administratively prohibited":      {&icmp{version: 4, kind: 3, code: 13}, syscall.EHOSTUNREACH, binding.ProbeRejected},
		"ip6tables REJECT":                 {&icmp{version: 6, kind: 1, code: 4}, syscall.ECONNREFUSED, binding.ProbeRejected},
		"a router that knows no such host": {&icmp{version: 4, kind: 3, code: 1}, syscall.EHOSTUNREACH, binding.ProbeUnreachable},
		"IPv6 without a route":             {&icmp{version: 6, kind: 1, code: 0}, syscall.ENETUNREACH, binding.ProbeUnreachable},
		"no route in the pod":              {nil, syscall.ENETUNREACH, binding.ProbeUnreachable},
		"eBPF at connect":                  {nil, syscall.EPERM, binding.ProbeRejected},
		"silence":                          {nil, context.DeadlineExceeded, binding.ProbeDropped},
		"anything else":                    {nil, syscall.EMFILE, binding.ProbeFailed},
	} {
		if got := unconnected("10.0.0.2:80", c.refusal, c.err); got.Outcome != c.outcome {
			t.Errorf("%s: %+v, expected %s", name, got, c.outcome)
		}
	}
}
