package tier

import "github.com/bulkhead-dev/bulkhead/api/v1alpha1"

func shared() Profile {
	return Profile{
		Name:        v1alpha1.TierShared,
		DefaultPlan: "starter",
		Cluster:     Shared,
		Database:    Shared,
		Runtime:     Shared,
	}
}
