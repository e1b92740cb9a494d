package lsa

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// Count is a term and how often a chunk has it. The counts of a chunk have distinct
// terms.
type Count struct {
	Term  string
	Count uint32
}

// vocabulary is the terms that a basis knows, numbered in order.
type vocabulary struct {
	terms   []string
	numbers map[string]uint32
	rarity  []float32 // inverse document frequency in the sample
}

// newVocabulary chooses the terms of a sample by the number of chunks that have them.
// A term of only one relates it to no other.
func newVocabulary(sample [][]Count) *vocabulary {
	frequency := map[string]int{}
	for _, counts := range sample {
		for _, c := range counts {
			frequency[c.Term]++
		}
	}
	var terms []string
	for term, n := range frequency {
		if n > 1 && len(term) <= maxTermBytes {
			terms = append(terms, term)
		}
	}
	slices.SortFunc(terms, func(a, b string) int {
		return cmp.Or(cmp.Compare(frequency[b], frequency[a]), strings.Compare(a, b))
	})
	terms = terms[:min(len(terms), MaxTerms)]
	slices.Sort(terms)
	v := &vocabulary{numbers: make(map[string]uint32, len(terms))}
	for i, term := range terms {
		term = strings.Clone(term)
		v.terms = append(v.terms, term)
		v.numbers[term] = uint32(i)
		v.rarity = append(v.rarity, float32(math.Log(float64(len(sample))/float64(frequency[term]))))
	}
	return v
}

// damped is what count occurrences of a term weigh beside one: the second says less
// than the first.
func damped(count uint32) float32 {
	if count <= 1 { // most terms of a chunk
		return 1
	}
	return float32(1 + math.Log(float64(count)))
}

// matrix has a row for each chunk of sample, of length 1.
func (v *vocabulary) matrix(sample [][]Count) *sparse {
	m := newSparse(len(v.rarity))
	for _, counts := range sample {
		start := len(m.cells)
		sum := 0.0
		for _, c := range counts {
			if number, known := v.numbers[c.Term]; known && v.rarity[number] > 0 {
				value := damped(c.Count) * v.rarity[number]
				sum += float64(value) * float64(value)
				m.cells = append(m.cells, cell{number, value})
			}
		}
		if sum > 0 {
			for i := range m.cells[start:] {
				m.cells[start+i].value *= float32(1 / math.Sqrt(sum))
			}
		}
		slices.SortFunc(m.cells[start:], func(a, b cell) int { return cmp.Compare(a.column, b.column) })
		m.endRow()
	}
	return m
}

// unseen is the share of a chunk's words, 0 to 1, that are not among the terms.
func (v *vocabulary) unseen(counts []Count) float64 {
	unseen, total := 0.0, 0.0
	for _, c := range counts {
		total += float64(c.Count)
		if _, known := v.numbers[c.Term]; !known {
			unseen += float64(c.Count)
		}
	}
	return unseen / max(1, total)
}
