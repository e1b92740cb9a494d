//go:build e2e

package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// api is the runtime's HTTP API with one key.
type api struct{ url, key string }

// response is one answer of it.
type response struct {
	Status int
	Body   string
}

// answer is what the runtime says to a question.
type answer struct {
	Answer    string
	Found     bool
	Citations []struct {
		Document   string `json:"document_id"`
		Name       string `json:"external_id"`
		Start, End int
		Text       string
	}
}

func (a api) call(ctx context.Context, method, path, media, body string) response {
	GinkgoHelper()
	request, err := http.NewRequestWithContext(ctx, method, a.url+path, strings.NewReader(body))
	Expect(err).NotTo(HaveOccurred())
	request.Header.Set("Authorization", "Bearer "+a.key)
	request.Header.Set("Content-Type", media)
	got, err := http.DefaultClient.Do(request)
	Expect(err).NotTo(HaveOccurred())
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	Expect(err).NotTo(HaveOccurred())
	return response{got.StatusCode, string(text)}
}

// put uploads a document and returns its id.
func (a api) put(ctx context.Context, name, text string) string {
	GinkgoHelper()
	got := a.call(ctx, http.MethodPut, "/v1/documents/"+name, "text/markdown", text)
	Expect(got.Status).To(BeElementOf(http.StatusCreated, http.StatusOK), got.Body)
	var document struct{ ID string }
	Expect(json.Unmarshal([]byte(got.Body), &document)).To(Succeed())
	return document.ID
}

// list is a request that a valid key succeeds with.
func (a api) list(ctx context.Context) response {
	GinkgoHelper()
	return a.call(ctx, http.MethodGet, "/v1/documents", "", "")
}

func (a api) ask(ctx context.Context, question string) answer {
	GinkgoHelper()
	body, err := json.Marshal(map[string]string{"query": question})
	Expect(err).NotTo(HaveOccurred())
	got := a.call(ctx, http.MethodPost, "/v1/answer", "application/json", string(body))
	Expect(got.Status).To(Equal(http.StatusOK), got.Body)
	var said answer
	Expect(json.Unmarshal([]byte(got.Body), &said)).To(Succeed())
	return said
}

// expectCited asserts what an answer holds, and that its citations are exact bytes of the document.
func (a api) expectCited(ctx context.Context, said answer, expected string) {
	GinkgoHelper()
	Expect(said.Answer).To(ContainSubstring(expected))
	Expect(said.Citations).NotTo(BeEmpty())
	for _, c := range said.Citations {
		stored := a.call(ctx, http.MethodGet, "/v1/documents/"+c.Document+"/content", "", "")
		Expect(stored.Status).To(Equal(http.StatusOK), stored.Body)
		Expect(len(stored.Body)).To(BeNumerically(">=", c.End))
		Expect(stored.Body[c.Start:c.End]).To(Equal(c.Text))
	}
}

// serviceOf is the API as the Service of a cell offers it: by one of its pods.
func serviceOf(cell string) string {
	GinkgoHelper()
	return forward(desired.RuntimeNamespace(cell), "service/runtime", 80)
}

// replicasOf is the API of each of a cell's pods.
func replicasOf(ctx context.Context, cell string) []string {
	GinkgoHelper()
	var pods corev1.PodList
	Expect(k.List(ctx, &pods, client.InNamespace(desired.RuntimeNamespace(cell)), client.MatchingLabels(desired.RuntimePod(cell)))).To(Succeed())
	var urls []string
	for _, pod := range pods.Items {
		urls = append(urls, forward(pod.Namespace, "pod/"+pod.Name, binding.PortAPI))
	}
	return urls
}

var forwarding = regexp.MustCompile(`Forwarding from (127\.0\.0\.1:\d+)`)

// forward makes something in the cluster answer at the URL that it returns until the test ends.
func forward(namespace, target string, port int32) string {
	GinkgoHelper()
	return forwardIn(os.Getenv("KUBECONFIG"), namespace, target, port)
}

func forwardIn(kubeconfig, namespace, target string, port int32) string {
	GinkgoHelper()
	cmd := exec.Command("kubectl", "--kubeconfig", kubeconfig, "port-forward", "-n", namespace, target, fmt.Sprintf(":%d", port))
	cmd.Stderr = GinkgoWriter
	out, err := cmd.StdoutPipe()
	Expect(err).NotTo(HaveOccurred())
	Expect(cmd.Start()).To(Succeed())
	DeferCleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	Expect(err).NotTo(HaveOccurred(), "kubectl port-forward %s", target)
	address := forwarding.FindStringSubmatch(line)
	Expect(address).NotTo(BeNil(), line)
	go func() { _, _ = io.Copy(io.Discard, out) }()
	return "http://" + address[1]
}
