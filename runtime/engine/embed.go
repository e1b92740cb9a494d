package engine

import (
	"iter"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/lsa"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/segment"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/vector"
)

// Count counts terms, in the order in which they first occur.
func Count(terms iter.Seq[string]) []lsa.Count {
	var counts []lsa.Count
	at := map[string]int{}
	for term := range terms {
		i, known := at[term]
		if !known {
			i, at[term] = len(counts), len(counts)
			counts = append(counts, lsa.Count{Term: term})
		}
		counts[i].Count++
	}
	return counts
}

// EmbedQuery returns a query's vector in the space of a basis; nil when the basis
// knows none of its words.
func EmbedQuery(l language.Language, query string, basis *lsa.Basis) []float32 {
	vector := basis.Project(Count(language.NewAnalyser(l).ContentTerms(query)))
	for _, value := range vector {
		if value != 0 {
			return vector
		}
	}
	return nil
}

// embedRange is how many chunks are embedded at a time: their vectors take at most
// 8 MB.
const embedRange = 1 << 14

// Embed encodes the vectors of a segment's chunks in the space of a basis, and adds
// up how much of each the basis does not know.
func Embed(s *segment.Segment, basis *lsa.Basis) (encoded []byte, unseen float64, err error) {
	var parts []vector.Source
	for first := 0; first == 0 || first < s.Chunks(); first += embedRange {
		vectors, lacks := project(s, uint32(first), uint32(min(first+embedRange, s.Chunks())), basis)
		unseen += lacks
		if encoded, err = vector.Encode(basis.Dimensions(), vectors); err != nil {
			return nil, 0, err
		}
		rows, err := vector.Open(encoded)
		if err != nil {
			return nil, 0, err
		}
		parts = append(parts, vector.Source{Rows: rows})
	}
	if len(parts) > 1 {
		encoded, err = vector.Join(parts)
	}
	return encoded, unseen, err
}

// project returns the vectors of the chunks [first, end), and adds up what share of each
// one's words the basis does not know.
func project(s *segment.Segment, first, end uint32, basis *lsa.Basis) (vectors [][]float32, unseen float64) {
	width := basis.Dimensions()
	values := make([]float32, int(end-first)*width)
	vectors = make([][]float32, end-first)
	for i := range vectors {
		vectors[i] = values[i*width:][:width]
	}
	lacks := make([]uint32, end-first)
	var cursor segment.Cursor
	for term, postings := range s.Terms() {
		number, known := basis.Number(term)
		for chunk, count := range occurrences(&cursor, s, postings, first, end) {
			if known {
				basis.Add(vectors[chunk-first], number, count)
			} else {
				lacks[chunk-first] += count
			}
		}
	}
	for i := range vectors {
		lsa.Normalise(vectors[i])
		unseen += float64(lacks[i]) / float64(max(1, s.Length(first+uint32(i))))
	}
	return vectors, unseen
}
