//go:build e2e

package e2e

import (
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/bulkhead-dev/bulkhead/test/auditlog"
)

const operator = "system:serviceaccount:bulkhead-system:bulkhead-manager"

// newAuditLog is the API server's, from now on.
func newAuditLog() *auditlog.Log {
	GinkgoHelper()
	log := &auditlog.Log{Path: filepath.Join(state(), "logs", "audit.log")}
	Expect(log.Skip()).To(Succeed())
	return log
}

// operatorRequests are those that a log has got since the last call, and which of them write.
func operatorRequests(log *auditlog.Log) (all, writes []string) {
	GinkgoHelper()
	Expect(log.Requests(func(r auditlog.Request) {
		if r.User.Username != operator {
			return
		}
		request := r.String() + " " + r.ObjectRef.Namespace + "/" + r.ObjectRef.Name
		all = append(all, request)
		if r.Writes() {
			writes = append(writes, request)
		}
	})).To(Succeed())
	return all, writes
}
