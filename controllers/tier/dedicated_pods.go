package tier

import "github.com/bulkhead-dev/bulkhead/api/v1alpha1"

func dedicatedPods() Profile {
	return Profile{
		Name:        v1alpha1.TierDedicatedPods,
		DefaultPlan: "enterprise",
		Cluster:     Shared,
		Database:    Own,
		Runtime:     Own,
	}
}
