// Package e2e proves Bulkhead on a real cluster: real kubelet, real packets, real PostgreSQL and OpenBao.
//
// It is built with the tag e2e only, and needs a running cluster with the operator deployed (make demo, or
// make devcluster-up deploy), kubectl on PATH, KUBECONFIG, and BULKHEAD_STATE when the devcluster's state
// is not in .devcluster:
//
//	go test -tags e2e -count 1 -timeout 40m ./test/e2e
//
// It works in a Cell of its own, e2e, with tenants whose names begin with e2e-, and removes both. The other
// tenants of the cluster are deleted and applied again by one test, and keep their data.
package e2e
