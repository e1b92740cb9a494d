package quality

import (
	"maps"
	"math"
	"slices"
)

// NDCG is the normalised discounted cumulative gain of the first k of a ranking
// (Järvelin and Kekäläinen 2002, with the logarithmic discount of trec_eval): 1 for
// the best ranking there is, 0 when nothing relevant is among the first k.
func NDCG(ranked []string, gains map[string]float64, k int) float64 {
	var found []float64
	for _, id := range ranked {
		found = append(found, gains[id])
	}
	ideal := slices.Sorted(maps.Values(gains))
	slices.Reverse(ideal)
	if best := discounted(ideal, k); best > 0 {
		return discounted(found, k) / best
	}
	return 0
}

func discounted(gains []float64, k int) float64 {
	sum := 0.0
	for i, gain := range gains[:min(k, len(gains))] {
		sum += gain / math.Log2(float64(i)+2)
	}
	return sum
}

// Mean is the mean NDCG at k over the collection's queries of what rank returns:
// the IDs of the documents it finds for a query, best first. A document with the ID of
// the query is the query itself, in collections whose queries are documents, and does
// not count.
func (c *Collection) Mean(k int, rank func(query string) []string) float64 {
	sum := 0.0
	for _, query := range c.Queries {
		ranked := slices.DeleteFunc(rank(query.Text), func(id string) bool { return id == query.ID })
		sum += NDCG(ranked, query.Gains, k)
	}
	return sum / float64(max(1, len(c.Queries)))
}
