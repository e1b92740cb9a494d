package vector_test

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/vector"
)

// hit is a row, numbered through all sources, and its score.
type hit struct {
	row   int
	score float64
}

// best are the k best hits, and those that are as good as the last of them.
func best(hits []hit, k int) []hit {
	slices.SortFunc(hits, compareHits)
	for k < len(hits) && k > 0 && hits[k].score == hits[k-1].score {
		k++
	}
	return hits[:min(k, len(hits))]
}

func compareHits(a, b hit) int {
	return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.row, b.row))
}

// nearest are the k best rows of those that keep says.
func nearest(query *vector.Query, sources []*vector.Rows, k int, keep func(row int) bool) []hit {
	return nearestOfGroups(query, sources, vector.Limit{Rows: k}, nil, keep)
}

func nearestOfGroups(query *vector.Query, sources []*vector.Rows, limit vector.Limit, group func(row int) uint32, keep func(row int) bool) []hit {
	var given []vector.Source
	var firsts []int
	var hits []hit
	all, live := 0, 0
	for _, rows := range sources {
		first := all
		given = append(given, vector.Source{
			Rows:  rows,
			Keep:  func(row uint32) bool { return keep(first + int(row)) },
			Group: func(row uint32) uint32 { return group(first + int(row)) },
		})
		firsts = append(firsts, first)
		for range rows.Len() {
			if keep(all) {
				live++
			}
			all++
		}
	}
	query.Nearest(given, live, limit, func(source int, row uint32, score float64) {
		hits = append(hits, hit{firsts[source] + int(row), score})
	})
	slices.SortFunc(hits, compareHits)
	return hits
}

// divided encodes vectors in parts of random sizes, but that groups of a size stay whole.
func divided(t *testing.T, random *rand.Rand, vectors [][]float32, parts, group int) []*vector.Rows {
	t.Helper()
	var rows []*vector.Rows
	for ; parts > 1; parts-- {
		n := group * random.IntN(len(vectors)/group+1)
		rows = append(rows, open(t, encode(t, len(vectors[0]), vectors[:n:n])))
		if vectors = vectors[n:]; len(vectors) == 0 {
			return rows
		}
	}
	return append(rows, open(t, encode(t, len(vectors[0]), vectors)))
}

func everything(int) bool { return true }

// TestNearest: up to 100,000 rows, the nearest are those whose scores are the best.
func TestNearest(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, dimensions := range []int{1, 2, 7, 16, 33, 100, 128, 300, 384} {
		for _, n := range []int{1, 2, 500, 3000} {
			given := vectors(2, dimensions, n)
			rows := open(t, encode(t, dimensions, given))
			query := vector.NewQuery(vectors(uint64(n), dimensions, 1)[0])
			for _, keep := range []func(row int) bool{everything, func(row int) bool { return row%3 != 0 }} {
				var want []hit
				for row := range given {
					if keep(row) {
						want = append(want, hit{row, query.Score(rows, uint32(row))})
					}
				}
				for _, k := range []int{1, 10, 100, 5000} {
					got := nearest(query, divided(t, random, given, 1+random.IntN(6), 1), k, keep)
					if diff := gocmp.Diff(best(slices.Clone(want), k), got, gocmp.AllowUnexported(hit{})); diff != "" {
						t.Fatalf("%d of %d rows, %d dimensions (-scored +nearest):\n%s", k, n, dimensions, diff)
					}
				}
			}
		}
	}
}

// TestNearestOfGroups: where only so many rows of a group are looked for, what is found
// is what is left of all rows when that is applied by hand.
func TestNearestOfGroups(t *testing.T) {
	const dimensions, group = 16, 20
	random := rand.New(rand.NewPCG(6, 6))
	groupOf := func(row int) uint32 { return uint32(row / group) }
	for _, groups := range []int{1, 3, 200} {
		query := vector.NewQuery(vectors(7, dimensions, 1)[0])
		given := clustered(dimensions, groups, group)
		rows := open(t, encode(t, dimensions, given))
		var all []hit
		for row := range given {
			if row%7 != 0 {
				all = append(all, hit{row, query.Score(rows, uint32(row))})
			}
		}
		for _, limit := range []vector.Limit{{1, 1}, {10, 3}, {100, 1}, {100, 3}, {5000, 7}, {10, 100}} {
			got := nearestOfGroups(query, divided(t, random, given, 1+random.IntN(6), group), limit, groupOf, func(row int) bool { return row%7 != 0 })
			if diff := gocmp.Diff(bestOfGroups(all, limit, groupOf), got, gocmp.AllowUnexported(hit{})); diff != "" {
				t.Fatalf("%v of %d groups (-by hand +nearest):\n%s", limit, groups, diff)
			}
		}
	}
}

func bestOfGroups(all []hit, limit vector.Limit, groupOf func(row int) uint32) []hit {
	var found []hit
	counted, count, last, least := 0, map[uint32]int{}, map[uint32]float64{}, 0.0
	for _, h := range slices.SortedFunc(slices.Values(all), compareHits) {
		group := groupOf(h.row)
		counts := counted < limit.Rows && count[group] < limit.OfGroup
		if counts {
			counted, least = counted+1, h.score
			count[group], last[group] = count[group]+1, h.score
		}
		if counts || (counted < limit.Rows || h.score == least) && (count[group] < limit.OfGroup || h.score == last[group]) {
			found = append(found, h)
		}
	}
	return found
}

// clustered are vectors of groups, those of a group near to one another.
func clustered(dimensions, groups, group int) [][]float32 {
	centres, given := vectors(11, dimensions, groups), vectors(12, dimensions, groups*group)
	for row, v := range given {
		for i := range v {
			v[i] = centres[row/group][i] + v[i]/4
		}
	}
	return given
}

// TestNearestOfManyGroups: above 100,000 rows, too, a group of which all are nearer than
// any other row leaves room for others, however they are divided.
func TestNearestOfManyGroups(t *testing.T) {
	const dimensions, group = 64, 1000
	random := rand.New(rand.NewPCG(10, 10))
	given, v := vectors(8, dimensions, many), vectors(9, dimensions, 1)[0]
	for _, near := range given[:group] {
		for i := range near {
			near[i] = v[i] + float32(random.NormFloat64()/32)
		}
		normalise(near)
	}
	groupOf := func(row int) uint32 { return uint32(row / group) }
	query, limit := vector.NewQuery(v), vector.Limit{Rows: 10, OfGroup: 3}
	want := nearestOfGroups(query, []*vector.Rows{open(t, encode(t, dimensions, given))}, limit, groupOf, everything)
	nearer := 0
	for _, h := range want {
		if groupOf(h.row) == 0 {
			nearer++
		}
	}
	if len(want) != limit.Rows || nearer != limit.OfGroup {
		t.Errorf("%d rows, %d of the group", len(want), nearer)
	}
	got := nearestOfGroups(query, divided(t, random, given, 20, group), limit, groupOf, everything)
	if diff := gocmp.Diff(want, got, gocmp.AllowUnexported(hit{})); diff != "" {
		t.Fatalf("(-whole +divided):\n%s", diff)
	}
}

func TestNearestToNothing(t *testing.T) {
	rows := []*vector.Rows{open(t, encode(t, 4, vectors(2, 4, 10)))}
	for name, query := range map[string][]float32{"zeros": {0, 0, 0, 0}, "other dimensions": {1, 0}, "infinite": {0, float32(math.Inf(1)), 0, 0}} {
		if got := nearest(vector.NewQuery(query), rows, 3, everything); len(got) > 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
	if got := nearest(vector.NewQuery([]float32{1, 0, 0, 0}), rows, 0, everything); got != nil {
		t.Errorf("none of it: %v", got)
	}
	if got := vector.NewQuery([]float32{1, 0}).Score(rows[0], 0); got != 0 {
		t.Errorf("a row of other dimensions scores %v", got)
	}
}

const many = 101_000

// TestNearestOfMany: nearly all of the nearest are found, for vectors that are drawn
// from no clusters, and those of the best by all rows' scores.
func TestNearestOfMany(t *testing.T) {
	for name, draw := range map[string]func(random *rand.Rand, dimensions int) func(v []float32){
		"fading": fading, "in few directions": inFewDirections,
	} {
		t.Run(name, func(t *testing.T) {
			const dimensions, queries, k = 128, 20, 10
			fill := draw(rand.New(rand.NewPCG(3, 3)), dimensions)
			given := make([][]float32, many+queries)
			for i := range given {
				given[i] = make([]float32, dimensions)
				fill(given[i])
				normalise(given[i])
			}
			rows := []*vector.Rows{open(t, encode(t, dimensions, given[:many]))}
			found := 0
			for _, v := range given[many:] {
				exact := make([]hit, many)
				for row := range exact {
					exact[row] = hit{row, product(v, given[row])}
				}
				got := nearest(vector.NewQuery(v), rows, 100, everything)[:k]
				for _, want := range best(exact, k)[:k] {
					if slices.ContainsFunc(got, func(h hit) bool { return h.row == want.row }) {
						found++
					}
				}
			}
			if recall := float64(found) / (queries * k); recall < 0.99 {
				t.Errorf("recall %.4f", recall)
			}
		})
	}
}

// fading draws vectors whose dimensions weigh less and less, as those of a principal
// component analysis do.
func fading(random *rand.Rand, _ int) func(v []float32) {
	return func(v []float32) {
		for i := range v {
			v[i] = float32(random.NormFloat64() / math.Sqrt(float64(i+1)))
		}
	}
}

// inFewDirections draws vectors from a space of 24 dimensions and adds noise of half
// their length.
func inFewDirections(random *rand.Rand, dimensions int) func(v []float32) {
	directions := make([][]float32, 24)
	for i := range directions {
		directions[i] = make([]float32, dimensions)
		for j := range directions[i] {
			directions[i][j] = float32(random.NormFloat64())
		}
	}
	return func(v []float32) {
		for i := range v {
			v[i] = float32(random.NormFloat64() * math.Sqrt(24) / 2)
		}
		for _, direction := range directions {
			weight := float32(random.NormFloat64())
			for i := range v {
				v[i] += weight * direction[i]
			}
		}
	}
}

// TestDivisionDoesNotShow: neither how many rows are divided nor rows that are not kept
// change a byte of what is found.
func TestDivisionDoesNotShow(t *testing.T) {
	const dimensions, hidden = 64, 30_000
	random := rand.New(rand.NewPCG(4, 4))
	given := vectors(8, dimensions, many+hidden)
	order := random.Perm(many + hidden)
	shown, mixed := make([][]float32, 0, many), make([][]float32, 0, many+hidden)
	var rowOf []int // of a row among all, its place among those shown
	for _, i := range order {
		rowOf = append(rowOf, -1)
		if i < many {
			rowOf[len(mixed)] = len(shown)
			shown = append(shown, given[i])
		}
		mixed = append(mixed, given[i])
	}
	alone := []*vector.Rows{open(t, encode(t, dimensions, shown))}
	parts := divided(t, random, mixed, 20, 1)
	for _, v := range append(vectors(9, dimensions, 6), given[0], given[many]) {
		query := vector.NewQuery(v)
		want := nearest(query, alone, 100, everything)
		got := nearest(query, parts, 100, func(row int) bool { return rowOf[row] >= 0 })
		for i := range got {
			got[i].row = rowOf[got[i].row]
		}
		if diff := gocmp.Diff(want, got, gocmp.AllowUnexported(hit{})); diff != "" {
			t.Fatalf("(-alone +divided):\n%s", diff)
		}
	}
}
