//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// auditLog is the path of the API server's.
type auditLog string

// end is where the log ends now.
func (l auditLog) end() int {
	GinkgoHelper()
	info, err := os.Stat(string(l))
	Expect(err).NotTo(HaveOccurred())
	return int(info.Size())
}

// requests are those of a user since a place in the log, as "verb resource namespace/name". Leases are
// left out: they are renewed for as long as a leader lives.
func (l auditLog) requests(user string, since int) []string {
	GinkgoHelper()
	text, err := os.ReadFile(string(l))
	Expect(err).NotTo(HaveOccurred())
	Expect(len(text)).To(BeNumerically(">=", since), "the log was rotated; run again")
	var found []string
	for line := range bytes.Lines(text[since:]) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break // still being written
		}
		var e struct {
			Verb      string
			User      struct{ Username string }
			ObjectRef struct{ Resource, Subresource, Namespace, Name string }
		}
		Expect(json.Unmarshal(line, &e)).To(Succeed())
		if o := e.ObjectRef; e.User.Username == user && o.Resource != "leases" {
			found = append(found, e.Verb+" "+o.Resource+"/"+o.Subresource+" "+o.Namespace+"/"+o.Name)
		}
	}
	return found
}

// writes are the requests that do not only read.
func (l auditLog) writes(user string, since int) []string {
	GinkgoHelper()
	return slices.DeleteFunc(l.requests(user, since), func(request string) bool {
		verb, _, _ := strings.Cut(request, " ")
		return slices.Contains([]string{"get", "list", "watch"}, verb)
	})
}
