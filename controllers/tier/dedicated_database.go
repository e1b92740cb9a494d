package tier

import "github.com/bulkhead-dev/bulkhead/api/v1alpha1"

func dedicatedDatabase() Profile {
	return Profile{
		Name:        v1alpha1.TierDedicatedDatabase,
		DefaultPlan: "pro",
		Cluster:     Shared,
		Database:    Own,
		Runtime:     Shared,
	}
}
