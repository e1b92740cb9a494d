package tier

import "github.com/bulkhead-dev/bulkhead/api/v1alpha1"

func dedicatedCluster() Profile {
	return Profile{
		Name:        v1alpha1.TierDedicatedCluster,
		DefaultPlan: "enterprise-plus",
		Cluster:     Own,
		Database:    Own,
		Runtime:     Own,
	}
}
