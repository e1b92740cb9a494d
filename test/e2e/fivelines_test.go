//go:build e2e

package e2e

import (
	"encoding/base64"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// The README's way: nothing but kubectl and HTTP.
func fiveLines() {
	It("gives a cited answer", func(ctx SpecContext) {
		sample, err := os.ReadFile(filepath.Join(repo, "config", "samples", "tenant-acme.yaml"))
		Expect(err).NotTo(HaveOccurred())
		Expect(strings.Count(string(sample), "\n")).To(Equal(5), "the sample is meant to have five lines")

		name := ours + "-five-lines"
		_, err = kubectl(ctx, strings.Replace(string(sample), "acme", name, 1), "apply", "-f", "-")
		Expect(err).NotTo(HaveOccurred())
		_, err = kubectl(ctx, "", "wait", "--for=condition=Ready", "--timeout=60s", "tenant/"+name)
		Expect(err).NotTo(HaveOccurred())

		placed, err := kubectl(ctx, "", "get", "tenant", name, "-o", "jsonpath={.status.placement.compute}")
		Expect(err).NotTo(HaveOccurred())
		encoded, err := kubectl(ctx, "", "get", "secret", "-n", "bulkhead-credentials", name, "-o", "jsonpath={.data.apiKey}")
		Expect(err).NotTo(HaveOccurred())
		key, err := base64.StdEncoding.DecodeString(encoded)
		Expect(err).NotTo(HaveOccurred())

		acme := api{serviceOf(placed), string(key)}
		text, err := os.ReadFile(filepath.Join(repo, "config", "samples", "documents", "acme", "faq.md"))
		Expect(err).NotTo(HaveOccurred())
		acme.put(ctx, "faq.md", string(text))
		acme.expectCited(ctx, acme.ask(ctx, "How much of the smell does the CataSpark filter remove?"), "92 percent")

		page := acme.call(ctx, http.MethodPut, "/v1/documents/closing.html", "text/html",
			"<title>Closing days</title><script>alert('no')</script><p>The roastery closes for the pepper harvest in October.")
		Expect(page.Status).To(Equal(http.StatusCreated), page.Body)
		acme.expectCited(ctx, acme.ask(ctx, "When does the roastery close for the pepper harvest?"), "October")

		p := buildPlugin(ctx)
		send := []string{"upload", name, filepath.Join(repo, "config", "samples", "documents", "acme"), "--prefix", "handbook/"}
		code, out, _ := p.run(ctx, send...)
		Expect(code).To(Equal(0), out)
		Expect(out).To(ContainSubstring(" 0 failed"))
		code, out, _ = p.run(ctx, send...)
		Expect(code).To(Equal(0), out)
		Expect(out).To(HavePrefix("0 documents new or changed"))
		acme.expectCited(ctx, acme.ask(ctx, "Is a warped drum covered?"), "drum")
	}, SpecTimeout(5*time.Minute))
}
