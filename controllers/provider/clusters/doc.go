// Package clusters holds the Kubernetes clusters that the operator works with:
// the hub, which it runs in, and the tenants' own, reached by a kubeconfig. A
// cluster that does not answer is found out by a probe and by the first request
// that fails; until it answers again every request to it fails at once, so that
// it never holds up a worker. Offline is not deleted: nothing is concluded from
// a cluster that does not answer.
package clusters
