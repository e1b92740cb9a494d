package engine

import "github.com/bulkhead-dev/bulkhead/runtime/engine/language"

// question is what a query asks about: its content words' terms.
type question struct {
	analyser *language.Analyser
	terms    []string           // distinct, in order
	rarity   map[string]float64 // of each term among the statements
}

func newQuestion(l language.Language, query string) *question {
	q := &question{analyser: language.NewAnalyser(l), rarity: map[string]float64{}}
	for term := range q.analyser.ContentTerms(query) {
		if !q.asks(term) {
			q.terms = append(q.terms, term)
			q.rarity[term] = 0
		}
	}
	return q
}

func (q *question) asks(term string) bool {
	_, asked := q.rarity[term]
	return asked
}

// in returns the question's terms that text has.
func (q *question) in(text string) termSet {
	found := termSet{}
	for term := range q.analyser.Terms(text) {
		if q.asks(term) {
			found[term] = true
		}
	}
	return found
}

type termSet map[string]bool

// read returns the statements that have enough to do with the question.
func (q *question) read(passages []Passage) []statement {
	var statements []statement
	for i := range passages {
		p := &passages[i]
		for s := range p.statements(q) {
			if found := q.found(&s); found > 0 && found*askedPerFound >= len(q.terms) {
				statements = append(statements, s)
			}
		}
	}
	return statements
}

// found counts the question's terms that a statement has or stands under.
func (q *question) found(s *statement) int {
	count := 0
	for _, term := range q.terms {
		if s.said[term] || s.hears(term) {
			count++
		}
	}
	return count
}

// weigh sets the terms' rarity, by the measure that ranks chunks.
func (q *question) weigh(statements []statement) {
	model := bm25{chunks: float64(len(statements))}
	for _, term := range q.terms {
		frequency := 0
		for i := range statements {
			if statements[i].said[term] {
				frequency++
			}
		}
		q.rarity[term] = model.rarity(frequency)
	}
}

// coverage is the share of the question, by rarity, that a statement speaks to.
func (q *question) coverage(s *statement) float64 {
	covered, total := 0.0, 0.0
	for _, term := range q.terms {
		total += q.rarity[term]
		switch {
		case s.said[term]:
			covered += q.rarity[term]
		case s.hears(term):
			covered += heardWeight * q.rarity[term]
		}
	}
	return covered / total
}
