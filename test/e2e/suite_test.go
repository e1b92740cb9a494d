//go:build e2e

package e2e

import (
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestBulkhead(t *testing.T) {
	RegisterFailHandler(Fail)
	SetDefaultEventuallyTimeout(30 * time.Second)
	SetDefaultEventuallyPollingInterval(200 * time.Millisecond)
	RunSpecs(t, "Bulkhead on a real cluster")
}

var _ = BeforeSuite(func(ctx SpecContext) {
	connect()
	removeAll(ctx)
	applyOurs(ctx)
}, NodeTimeout(10*time.Minute))

var _ = AfterSuite(func(ctx SpecContext) {
	removeAll(ctx)
}, NodeTimeout(10*time.Minute))

// One container keeps the order: the CRD takes every Tenant off the cluster for a while, and the second
// cluster may be stopped when the tests of both are over.
var _ = Describe("Bulkhead", func() {
	Describe("a tenant of five lines", Label("answer"), fiveLines)
	Describe("bad input", Label("input"), badInput)
	Describe("the walls", Label("walls"), walls)
	Describe("the test of the walls", Label("isolation"), Ordered, isolationTest)
	Describe("the labels of namespaces", Label("admission"), admission)
	Describe("a deleted Tenant", Label("retain"), Ordered, deletedTenant)
	Describe("a changed plan", Label("plan"), Ordered, changedPlan)
	Describe("a lost primary", Label("failover"), lostPrimary)
	Describe("a killed operator", Label("crash"), killedOperator)
	Describe("a sealed Vault", Label("sealed"), sealedVault)
	Describe("at rest", Label("steady"), Ordered, atRest)
	Describe("a deleted CRD", Label("crd"), Ordered, deletedCRD)
	Describe("two clusters", Label("second"), Ordered, twoClusters)
})
