package replica_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"
)

// knowledge is the knowledge bases of two fictional companies, and questions that
// one can answer and the other cannot.
var knowledge = os.DirFS("../../config/samples/documents")

func TestSamples(t *testing.T) {
	content, err := fs.ReadFile(knowledge, "questions.json")
	if err != nil {
		t.Fatal(err)
	}
	var questions []struct{ Tenant, Question, Expect string }
	if err := json.Unmarshal(content, &questions); err != nil {
		t.Fatal(err)
	}
	c := newCell(t)
	companies := []*tenant{c.tenant(t, "acme"), c.tenant(t, "globex")}
	n := c.start(t, "runtime-0")
	texts := map[string]string{} // by company and name
	for _, w := range companies {
		n.learn(t, w, texts)
	}
	for _, q := range questions {
		t.Run(q.Question, func(t *testing.T) {
			for _, w := range companies {
				answer := n.answer(t, w, q.Question, texts)
				t.Logf("%s: %q", w.Tenant.Name, answer)
				if w.Tenant.Name == q.Tenant && !strings.Contains(answer, q.Expect) {
					t.Errorf("%s answers %q, want %q in it", w.Tenant.Name, answer, q.Expect)
				}
				if w.Tenant.Name != q.Tenant && answer != "" {
					t.Errorf("%s answers %q, want no answer", w.Tenant.Name, answer)
				}
			}
		})
	}
}

// learn uploads what a company knows, and keeps it by its name.
func (n *node) learn(t *testing.T, w *tenant, texts map[string]string) {
	t.Helper()
	files, err := fs.ReadDir(knowledge, w.Tenant.Name)
	if err != nil {
		t.Fatal(err)
	}
	media := map[string]string{".md": "text/markdown", ".txt": "text/plain"}
	for _, file := range files {
		content, err := fs.ReadFile(knowledge, path.Join(w.Tenant.Name, file.Name()))
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(file.Name(), path.Ext(file.Name()))
		texts[w.Tenant.Name+"/"+name] = string(content)
		header := map[string]string{"Authorization": "Bearer " + w.key, "Content-Type": media[path.Ext(file.Name())]}
		expect(t, n.send(t, "PUT", "/v1/documents/"+name, strings.NewReader(string(content)), header), 201, "")
	}
}

// answer asks, and holds the answer against what it cites.
func (n *node) answer(t *testing.T, w *tenant, question string, texts map[string]string) string {
	t.Helper()
	body, err := json.Marshal(map[string]string{"query": question})
	if err != nil {
		t.Fatal(err)
	}
	var said answerJSON
	expect(t, n.ask(t, w, "POST", "/v1/answer", string(body)), 200, "").into(t, &said)
	var cited []string
	for _, c := range said.Citations {
		cited = append(cited, texts[w.Tenant.Name+"/"+c.ExternalID][c.Start:c.End])
	}
	if strings.Join(cited, "\n") != said.Answer {
		t.Errorf("the answer %q is not what it cites, %q", said.Answer, cited)
	}
	return said.Answer
}
