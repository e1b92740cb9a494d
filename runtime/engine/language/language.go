package language

import (
	"fmt"
	"strings"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/danish"
	"github.com/blevesearch/snowballstem/dutch"
	"github.com/blevesearch/snowballstem/english"
	"github.com/blevesearch/snowballstem/finnish"
	"github.com/blevesearch/snowballstem/french"
	"github.com/blevesearch/snowballstem/german"
	"github.com/blevesearch/snowballstem/italian"
	"github.com/blevesearch/snowballstem/norwegian"
	"github.com/blevesearch/snowballstem/portuguese"
	"github.com/blevesearch/snowballstem/spanish"
	"github.com/blevesearch/snowballstem/swedish"
)

// Language is the language that a tenant's documents and questions are read as. The
// zero value is English. Values are stored beside an index, so their order is fixed.
type Language uint8

// The languages there are.
const (
	English Language = iota
	German
	French
	Spanish
	Italian
	Portuguese
	Dutch
	Danish
	Swedish
	Norwegian
	Finnish
)

// languages holds what differs between them, in the order of the constants.
var languages = [...]struct {
	code, name string
	stem       func(*snowballstem.Env) bool
	// elided are the words that lose their vowel before another's and are written with
	// it: the l of "l'avion".
	elided string
}{
	English:    {code: "en", name: "english", stem: english.Stem},
	German:     {code: "de", name: "german", stem: german.Stem},
	French:     {code: "fr", name: "french", stem: french.Stem, elided: "c d j l m n s t qu jusqu lorsqu puisqu quoiqu"},
	Spanish:    {code: "es", name: "spanish", stem: spanish.Stem},
	Italian:    {code: "it", name: "italian", stem: italian.Stem, elided: "c d l m n s t v un all dall dell nell sull coll quell quest"},
	Portuguese: {code: "pt", name: "portuguese", stem: portuguese.Stem},
	Dutch:      {code: "nl", name: "dutch", stem: dutch.Stem},
	Danish:     {code: "da", name: "danish", stem: danish.Stem},
	Swedish:    {code: "sv", name: "swedish", stem: swedish.Stem},
	Norwegian:  {code: "no", name: "norwegian", stem: norwegian.Stem},
	Finnish:    {code: "fi", name: "finnish", stem: finnish.Stem},
}

// Parse returns the language of an ISO 639-1 code such as "de".
func Parse(code string) (Language, error) {
	for l := range languages {
		if languages[l].code == code {
			return Language(l), nil
		}
	}
	return 0, fmt.Errorf("no language %q: want one of %s", code, strings.Join(Codes(), ", "))
}

// Codes lists the codes that Parse knows.
func Codes() []string {
	var codes []string
	for l := range languages {
		codes = append(codes, languages[l].code)
	}
	return codes
}

// Valid tells whether l is one of the languages there are.
func (l Language) Valid() bool { return int(l) < len(languages) }

// String is the language's ISO 639-1 code.
func (l Language) String() string {
	if !l.Valid() {
		return fmt.Sprintf("language(%d)", uint8(l))
	}
	return languages[l].code
}
