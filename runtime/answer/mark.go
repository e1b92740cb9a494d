package answer

import (
	"strings"
	"unicode"
)

// mark stands for the blanks of retrieved text in a prompt, and nowhere else in it,
// so that a model can tell at every word whose words it reads (datamarking: Hines et
// al. 2024, "Defending Against Indirect Prompt Injection Attacks With Spotlighting").
const mark = 'ˆ'

// datamark returns text in lines that begin with a mark, with a mark for every run of
// other blanks, and without marks and invalid bytes of its own. Characters that can
// not be seen, in which instructions can hide, are left out.
func datamark(text string) string {
	var out strings.Builder
	out.Grow(len(text) + len(text)/4)
	out.WriteRune(mark)
	marked := true
	for _, r := range text {
		switch {
		case r == '\n':
			out.WriteRune('\n')
			out.WriteRune(mark)
			marked = true
		case unicode.IsSpace(r):
			if !marked {
				out.WriteRune(mark)
			}
			marked = true
		case r == mark, r == unicode.ReplacementChar, unicode.In(r, unicode.C, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point):
		default:
			out.WriteRune(r)
			marked = false
		}
	}
	return out.String()
}
