package envtest

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// A tier is data: it is added by one file, one entry of the list and one word of
// the enum. Generators write the rest: the definitions and the golden file.
var _ = Describe("One more tier", func() {
	It("takes three edits, and is served", func(ctx SpecContext) {
		tree := copyRepository()
		tree.write("controllers/tier/sandboxed_pods.go", `package tier

func sandboxedPods() Profile {
	return Profile{Name: "SandboxedPods", DefaultPlan: "sandboxed", Cluster: Shared, Database: Own, Runtime: Own}
}
`)
		tree.edit("controllers/tier/tier.go", "dedicatedPods(), ", "dedicatedPods(), sandboxedPods(), ")
		tree.edit("api/v1alpha1/tenant_types.go", "DedicatedPods;", "DedicatedPods;SandboxedPods;")

		tree.run(ctx, "make", "-s", "manifests")
		tree.run(ctx, "go", "test", "-vet=off", "./controllers/desired", "-run", "TestOwnCell/SandboxedPods", "-update")
		tree.run(ctx, "go", "test", "-vet=off", "./controllers/tier", "./controllers/desired")
		out := tree.run(ctx, "go", "test", "-vet=off", "-v", "./test/envtest", "-ginkgo.no-color", "-ginkgo.v", "-ginkgo.focus", "Every tier .*(SandboxedPods|one plan)")
		Expect(out).To(ContainSubstring("Ran 2 of "))
		Expect(out).To(ContainSubstring("is served as its profile says, and retained: SandboxedPods"))
	}, NodeTimeout(hang))
})

// tree is a copy of what the operator and its tests are made of.
type tree string

// copyRepository copies to the same place every time, so that the compiler finds
// what it made the last time.
func copyRepository() tree {
	GinkgoHelper()
	repository, err := filepath.Abs("../..")
	Expect(err).NotTo(HaveOccurred())
	caches, err := os.UserCacheDir()
	Expect(err).NotTo(HaveOccurred())
	t := tree(filepath.Join(caches, "bulkhead", fmt.Sprintf("one-more-tier-%x", sha256.Sum256([]byte(repository)))[:30]))
	Expect(os.RemoveAll(string(t))).To(Succeed())
	DeferCleanup(os.RemoveAll, string(t))
	for _, folder := range []string{"api", "cmd", "config", "controllers", "runtime", "test"} {
		Expect(os.CopyFS(t.path(folder), os.DirFS(filepath.Join(repository, folder)))).To(Succeed())
	}
	for _, file := range []string{"Makefile", "go.mod", "go.sum", "go.tools.mod", "go.tools.sum"} {
		content, err := os.ReadFile(filepath.Join(repository, file))
		Expect(err).NotTo(HaveOccurred())
		t.write(file, string(content))
	}
	return t
}

func (t tree) path(name string) string { return filepath.Join(string(t), filepath.FromSlash(name)) }

// write makes a file that is not there.
func (t tree) write(name, content string) {
	GinkgoHelper()
	_, err := os.Stat(t.path(name))
	Expect(err).To(MatchError(fs.ErrNotExist), name)
	Expect(os.WriteFile(t.path(name), []byte(content), 0o600)).To(Succeed())
}

// edit replaces the one place of a file that says what is before.
func (t tree) edit(name, before, after string) {
	GinkgoHelper()
	content, err := os.ReadFile(t.path(name))
	Expect(err).NotTo(HaveOccurred())
	Expect(strings.Count(string(content), before)).To(Equal(1), "%q in %s", before, name)
	Expect(os.WriteFile(t.path(name), []byte(strings.Replace(string(content), before, after, 1)), 0o600)).To(Succeed())
}

func (t tree) run(ctx SpecContext, program string, args ...string) string {
	GinkgoHelper()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = string(t)
	out, err := cmd.CombinedOutput()
	if err != nil {
		Fail(fmt.Sprintf("%s %v: %v\n%s", program, args, err, out))
	}
	return string(out)
}
