package engine

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTerms(t *testing.T) {
	tests := map[string]struct {
		text string
		want []string
	}{
		"case and stems":   {"The Roasters were ROASTING", []string{"the", "roaster", "were", "roast"}},
		"numbers":          {"2.5 kg, 1,000. v1.2.3", []string{"2.5", "kg", "1,000", "v1.2.3"}},
		"apostrophes":      {"'driver’s' isn't", []string{"driver", "isn't"}},
		"identifiers":      {"KST-12_b", []string{"kst", "12", "b"}},
		"marks":            {"cafe\u0301 naïve", []string{"cafe\u0301", "naïv"}},
		"ideographs":       {"東京と京都", []string{"東", "京", "と", "京", "都"}},
		"right to left":    {"\u202eשלום\u202c עולם", []string{"שלום", "עולם"}},
		"no UTF-8":         {"a\xffb", []string{"a", "b"}},
		"a run of letters": {strings.Repeat("x", maxWord+1), []string{strings.Repeat("x", maxWord), "x"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := slices.Collect(newAnalyser().terms(test.text))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("terms (-want +got):\n%s", diff)
			}
		})
	}
}

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
