package engine

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
)

func TestExtract(t *testing.T) {
	tests := map[string]struct {
		query, text, want string
	}{
		"the sentence with the words":   {"How long is the refund period?", "Parcels leave on Monday. The refund period is 30 days. Ask us.", "The refund period is 30 days."},
		"a heading speaks for its text": {"refund period", "# Refund period\n\nThirty days.\n\n# Shipping\n\nOn Monday.", "Thirty days."},
		"a question speaks for its answer": {
			"How long is the warranty?", "**How long is the warranty?** It is two years.\n\n**Do you ship?** Yes.", "It is two years.",
		},
		"an item without its bullet": {"drum bearing torque", "- Burner: 12 Nm\n- Drum bearing torque: 48 Nm\n", "Drum bearing torque: 48 Nm"},
		"a row whole":                {"K12 batch", "| Model | Size |\n|---|---|\n| K12 batch | 12 kg |\n| K30 | 30 kg |", "| K12 batch | 12 kg |"},
		"two sentences alike":        {"kestrel", "The kestrel hovers. A heron waits. The kestrel dives.", "The kestrel hovers.\nThe kestrel dives."},
		"at most three":              {"kestrel", "Kestrel one. Kestrel two. Kestrel three. Kestrel four.", "Kestrel one.\nKestrel two.\nKestrel three."},
		"a line once":                {"kestrel", "Kestrel one.\n\nKestrel one.", "Kestrel one."},
		"nothing in common":          {"What is the propeller's pitch?", "The refund period is what it is.", ""},
		"no content word":            {"What is it?", "What it is. It is what?", ""},
		"too little of a long question": {
			"Which deductible applies to a trawler stranded off Norway in days?", "Refunds take 30 days.", "",
		},
		"a question is no answer": {"refund", "Is there a refund?", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			const before = 1000
			passage := Passage{Document: id(7), Start: before, Text: test.text, Score: 3}
			answer := Extract(language.English, test.query, []Passage{passage})
			if diff := cmp.Diff(test.want, answer.Text); diff != "" {
				t.Errorf("Text (-want +got):\n%s", diff)
			}
			checkAnswer(t, answer, strings.Repeat(" ", before)+test.text)
		})
	}
}

func TestExtractPrefersTheBetterPassage(t *testing.T) {
	answer := Extract(language.English, "kestrel", []Passage{
		{Document: id(1), Text: "The kestrel sleeps.", Score: 1},
		{Document: id(2), Text: "The kestrel hovers.", Score: 9},
	})
	if len(answer.Citations) == 0 || answer.Citations[0].Document != id(2) {
		t.Errorf("answer is %v", answer)
	}
}

// TestExtractOverlap has a sentence in two chunks that overlap: it is cited once.
func TestExtractOverlap(t *testing.T) {
	const text = "A kestrel hovers. It dives."
	answer := Extract(language.English, "kestrel", []Passage{{Text: text}, {Start: 2, Text: text[2:]}})
	if answer.Text != "A kestrel hovers." {
		t.Errorf("answer is %q", answer.Text)
	}
}

func TestExtractReadsTheHeading(t *testing.T) {
	answer := Extract(language.English, "kestrel batch", []Passage{
		{Document: id(1), Text: "A batch is 30 kg.", Heading: "Heron"},
		{Document: id(2), Text: "A batch is 12 kg.", Heading: "Kestrel"},
	})
	if answer.Text != "A batch is 12 kg." {
		t.Errorf("answer is %q", answer.Text)
	}
}

func TestExtractNothing(t *testing.T) {
	if answer := Extract(language.English, "kestrel", nil); answer.Text != "" || len(answer.Citations) > 0 {
		t.Errorf("answer is %v", answer)
	}
}

func FuzzExtract(f *testing.F) {
	f.Add("kestrel drum", "# Kestrel\n\nThe drum turns. It is hot?\n- one: two\n```\ncode kestrel\n```\n| drum |")
	f.Add("שלום \u202ea", "a \u202eשלום\u202c. a\xff!")
	f.Fuzz(func(t *testing.T, query, text string) {
		d := document(1, "", text)
		var passages []Passage
		for _, hit := range indexOf(t, d).Search(query, Options{K: 5}) {
			passages = append(passages, Passage{
				Document: hit.Document, Start: hit.Chunk.Start, Text: hit.Chunk.in(text), Score: hit.Score,
			})
		}
		answer := Extract(language.English, query, passages)
		checkAnswer(t, answer, text)
		if diff := cmp.Diff(answer, Extract(language.English, query, passages)); diff != "" {
			t.Errorf("not deterministic:\n%s", diff)
		}
	})
}

// checkAnswer checks that an answer is its citations and nothing else.
func checkAnswer(t *testing.T, answer Answer, text string) {
	t.Helper()
	var cited []string
	for _, c := range answer.Citations {
		if c.Start < 0 || c.Start >= c.End || c.End > len(text) {
			t.Fatalf("citation of %d to %d", c.Start, c.End)
		}
		cited = append(cited, text[c.Start:c.End])
	}
	if diff := cmp.Diff(strings.Join(cited, "\n"), answer.Text); diff != "" {
		t.Errorf("the answer is not what it cites (-cited +answer):\n%s", diff)
	}
	if len(cited) > maxSentences {
		t.Errorf("%d citations", len(cited))
	}
}
