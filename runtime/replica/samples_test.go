package engine

import (
	"encoding/json"
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// samples are the knowledge bases of two fictional companies, and questions that
// one can answer and the other cannot.
var samples = os.DirFS("../../config/samples/documents")

func TestSamples(t *testing.T) {
	content, err := fs.ReadFile(samples, "questions.json")
	if err != nil {
		t.Fatal(err)
	}
	var questions []struct{ Tenant, Question, Expect string }
	if err := json.Unmarshal(content, &questions); err != nil {
		t.Fatal(err)
	}
	tenants := map[string]library{"acme": readLibrary(t, "acme"), "globex": readLibrary(t, "globex")}
	for _, q := range questions {
		t.Run(q.Question, func(t *testing.T) {
			for tenant, library := range tenants {
				answer := library.ask(t, q.Question)
				t.Logf("%s: %q", tenant, answer.Text)
				if tenant == q.Tenant && !strings.Contains(answer.Text, q.Expect) {
					t.Errorf("%s answers %q, want %q in it", tenant, answer.Text, q.Expect)
				}
				if tenant != q.Tenant && answer.Text != "" {
					t.Errorf("%s answers %q, want no answer", tenant, answer.Text)
				}
			}
		})
	}
}

// library is an index with the documents it was made from.
type library struct {
	index     *Index
	documents map[uuid.UUID]Document
}

func readLibrary(t *testing.T, folder string) library {
	t.Helper()
	files, err := fs.ReadDir(samples, folder)
	if err != nil {
		t.Fatal(err)
	}
	l := library{index: NewIndex(), documents: map[uuid.UUID]Document{}}
	for i, file := range files {
		content, err := fs.ReadFile(samples, path.Join(folder, file.Name()))
		if err != nil {
			t.Fatal(err)
		}
		d := Document{ID: id(i), Title: strings.TrimSuffix(file.Name(), path.Ext(file.Name())), Text: string(content)}
		d.Chunks = Split(d.Text, map[string]Media{".md": Markdown, ".txt": Plain}[path.Ext(file.Name())])
		l.documents[d.ID] = d
		l.index = l.index.With([]Document{d}, nil)
	}
	return l
}

func (l library) ask(t *testing.T, question string) Answer {
	t.Helper()
	var passages []Passage
	for _, hit := range l.index.Search(question, 8) {
		d := l.documents[hit.Document]
		passages = append(passages, Passage{
			Document: d.ID, Start: hit.Chunk.Start, Text: hit.Chunk.in(d.Text), Score: hit.Score,
			Heading: d.Title + " " + hit.Chunk.Heading,
		})
	}
	answer := Extract(question, passages)
	var cited []string
	for _, c := range answer.Citations {
		cited = append(cited, l.documents[c.Document].Text[c.Start:c.End])
	}
	if strings.Join(cited, "\n") != answer.Text {
		t.Errorf("the answer %q is not what it cites, %q", answer.Text, cited)
	}
	return answer
}
