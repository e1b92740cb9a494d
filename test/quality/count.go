package quality

import (
	"iter"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/lsa"
)

// count counts terms, in the order in which they first occur.
func count(terms iter.Seq[string]) []lsa.Count {
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
