package language_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
)

func TestTerms(t *testing.T) {
	long := strings.Repeat("x", language.MaxTerm)
	tests := map[string]struct {
		language language.Language
		text     string
		want     []string
	}{
		"case and stems":        {language.English, "The Roasters were ROASTING", []string{"the", "roaster", "were", "roast"}},
		"numbers":               {language.English, "2.5 kg, 1,000. v1.2.3", []string{"2.5", "kg", "1,000", "v1.2.3"}},
		"apostrophes":           {language.English, "'driver’s' isn't", []string{"driver", "isn't"}},
		"identifiers":           {language.English, "KST-12_b", []string{"kst", "12", "b"}},
		"marks are composed":    {language.English, "cafe\u0301 naïve", []string{"café", "naïv"}},
		"marks of symbols":      {language.English, "⚠\ufe0fWarning: ❤\ufe0f", []string{"warn"}},
		"ligatures are letters": {language.English, "ﬁles", []string{"file"}},
		"ideographs":            {language.English, "東京と京都", []string{"東", "京", "と", "京", "都"}},
		"right to left":         {language.English, "\u202eשלום\u202c עולם", []string{"שלום", "עולם"}},
		"no UTF-8":              {language.English, "a\xffb", []string{"a", "b"}},
		"a run of letters":      {language.English, long + "x", []string{long, "x"}},
		"a run of wide letters": {language.English, "x" + strings.Repeat("é", language.MaxTerm/2), []string{"x" + strings.Repeat("é", language.MaxTerm/2-1), "é"}},
		"German":                {language.German, "Häuser, Straßen STRASSE", []string{"haus", "strass", "strass"}},
		"French":                {language.French, "L'avion, des avions; aujourd'hui", []string{"avion", "de", "avion", "aujourd'hui"}},
		"Spanish":               {language.Spanish, "las canciones", []string{"las", "cancion"}},
		"Italian":               {language.Italian, "dell’avvocato, gli avvocati", []string{"avvoc", "gli", "avvoc"}},
		"Portuguese":            {language.Portuguese, "informações", []string{"inform"}},
		"Dutch":                 {language.Dutch, "lichamelijke", []string{"licham"}},
		"Danish":                {language.Danish, "bøgerne", []string{"bøg"}},
		"Swedish":               {language.Swedish, "flickorna", []string{"flick"}},
		"Norwegian":             {language.Norwegian, "bilene", []string{"bil"}},
		"Finnish":               {language.Finnish, "taloissa", []string{"talo"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := slices.Collect(language.NewAnalyser(test.language).Terms(test.text))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("Terms (-want +got):\n%s", diff)
			}
		})
	}
}

func TestContentTerms(t *testing.T) {
	tests := map[language.Language]struct {
		query string
		want  []string
	}{
		language.English:    {"What is the refund period?", []string{"refund", "period"}},
		language.German:     {"Wie lange ist die Garantie, und für wen?", []string{"lang", "garanti"}},
		language.French:     {"Qu'est-ce que l'assurance ?", []string{"assur"}},
		language.Spanish:    {"¿Cuál es el plazo?", []string{"plaz"}},
		language.Italian:    {"Qual è la garanzia?", []string{"qual", "garanz"}},
		language.Portuguese: {"Quantos dias são?", []string{"dias"}},
		language.Dutch:      {"Hoeveel dagen is het?", []string{"dag"}},
		language.Danish:     {"Hvor er bilen?", []string{"bil"}},
		language.Swedish:    {"Var är flickorna?", []string{"flick"}},
		language.Norwegian:  {"Hvor er bilen?", []string{"bil"}},
		language.Finnish:    {"Missä on talo?", []string{"talo"}},
	}
	for l, test := range tests {
		t.Run(l.String(), func(t *testing.T) {
			got := slices.Collect(language.NewAnalyser(l).ContentTerms(test.query))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("ContentTerms (-want +got):\n%s", diff)
			}
		})
	}
	if len(tests) != len(language.Codes()) {
		t.Errorf("%d languages tried of %d", len(tests), len(language.Codes()))
	}
}

func TestParse(t *testing.T) {
	for _, code := range language.Codes() {
		l, err := language.Parse(code)
		if err != nil || l.String() != code || !l.Valid() {
			t.Errorf("%q is %v, %v", code, l, err)
		}
	}
	if _, err := language.Parse("tlh"); err == nil {
		t.Error("a language that there is not is no error")
	}
	if language.Language(200).Valid() {
		t.Error("a language that there is not is valid")
	}
}

func FuzzTerms(f *testing.F) {
	f.Add("The Roasters' cafe\u0301, L'avion «Straße» 2.5 kg 東京 \xff")
	f.Add("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaİİİﷺ")
	f.Fuzz(func(t *testing.T, text string) {
		for _, code := range language.Codes() {
			l, _ := language.Parse(code)
			a := language.NewAnalyser(l)
			terms := slices.Collect(a.Terms(text))
			for _, term := range terms {
				if term == "" || len(term) > language.MaxTerm || !utf8.ValidString(term) {
					t.Fatalf("%s: term %q", l, term)
				}
			}
			if content := slices.Collect(a.ContentTerms(text)); len(content) > len(terms) {
				t.Fatalf("%s: %d content terms of %d", l, len(content), len(terms))
			}
			if again := slices.Collect(language.NewAnalyser(l).Terms(text)); !slices.Equal(terms, again) {
				t.Fatalf("%s: %q, then %q", l, terms, again)
			}
		}
	})
}

func BenchmarkTerms(b *testing.B) {
	text := strings.Repeat("The drum bearings of the roaster were covered for 24 months, the driver’s isn't. ", 12)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	a := language.NewAnalyser(language.English)
	for b.Loop() {
		for term := range a.Terms(text) {
			_ = term
		}
	}
}
