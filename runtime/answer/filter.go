package answer

// Filter is what every answer of a model passes on its way to a reader: a Sanitiser
// and then Citations, in that order, because what the first sees must not change.
type Filter struct {
	sanitiser *Sanitiser
	citations *Citations
}

// NewFilter makes a Filter for an answer from the sources that a Prompt took.
func NewFilter(sources []Source) *Filter {
	return &Filter{NewSanitiser(sources), NewCitations(len(sources))}
}

// Write takes a piece of the answer and returns what can be passed on, in whole
// characters, and the citations in it.
func (f *Filter) Write(piece string) (string, []Citation) {
	return f.citations.Write(f.sanitiser.Write(piece))
}

// Close ends the answer and returns the rest of it.
func (f *Filter) Close() (string, []Citation) {
	text, found := f.citations.Write(f.sanitiser.Close())
	last, more := f.citations.Close()
	return text + last, append(found, more...)
}

// Removed is how many things and how many citations were removed so far. Many are a
// sign that a source gave the model instructions.
func (f *Filter) Removed() (things, citations int) {
	return f.sanitiser.Removed(), f.citations.Removed()
}
