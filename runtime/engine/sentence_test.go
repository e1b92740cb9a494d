package engine

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSentences(t *testing.T) {
	tests := map[string]struct {
		text string
		want []string
	}{
		"three ends":      {"One. Two! Three?", []string{"One.", "Two!", "Three?"}},
		"no end":          {" no end ", []string{"no end"}},
		"quotes":          {`He said "go." (Really!) Then **left.** Yes`, []string{`He said "go."`, "(Really!)", "Then **left.**", "Yes"}},
		"abbreviations":   {"Ask Dr. Orr, e.g. by mail. See No. 5 or J. Smith. End", []string{"Ask Dr. Orr, e.g. by mail.", "See No. 5 or J. Smith.", "End"}},
		"decimals":        {"It is 2.5 kg. It fits.", []string{"It is 2.5 kg.", "It fits."}},
		"small letters":   {"Use iron, steel etc. and wait... then go.", []string{"Use iron, steel etc. and wait... then go."}},
		"ideographs":      {"第一。第二！", []string{"第一。", "第二！"}},
		"lines are blank": {"One\nline. Two.", []string{"One\nline.", "Two."}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for s := range sentences(test.text, span{0, len(test.text)}) {
				got = append(got, s.of(test.text))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("sentences (-want +got):\n%s", diff)
			}
		})
	}
}
