package vector_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/vector"
)

// vectors makes n vectors of length 1, every seventh of them zero.
func vectors(seed uint64, dimensions, n int) [][]float32 {
	random := rand.New(rand.NewPCG(seed, 0))
	made := make([][]float32, n)
	for i := range made {
		made[i] = make([]float32, dimensions)
		if i%7 == 6 {
			continue
		}
		for j := range made[i] {
			made[i][j] = float32(random.NormFloat64())
		}
		normalise(made[i])
	}
	return made
}

func normalise(v []float32) {
	length := math.Sqrt(product(v, v))
	for i := range v {
		v[i] = float32(float64(v[i]) / length)
	}
}

func product(a, b []float32) float64 {
	sum := 0.0
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}

func encode(t testing.TB, dimensions int, vectors [][]float32) []byte {
	t.Helper()
	encoded, err := vector.Encode(dimensions, vectors)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

func open(t testing.TB, encoded []byte) *vector.Rows {
	t.Helper()
	rows, err := vector.Open(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestScore(t *testing.T) {
	for dimensions := 1; dimensions <= 300; dimensions++ {
		given := vectors(1, dimensions, 14)
		encoded := encode(t, dimensions, given)
		rows := open(t, encoded)
		if rows.Len() != len(given) || rows.Dimensions() != dimensions || rows.Bytes() != len(encoded) {
			t.Fatalf("%d rows of %d dimensions in %d bytes", rows.Len(), rows.Dimensions(), rows.Bytes())
		}
		for _, v := range given {
			query := vector.NewQuery(v)
			for row := range given {
				got, want := query.Score(rows, uint32(row)), product(v, given[row])
				if math.Abs(got-want) > 0.001 {
					t.Fatalf("%d dimensions: %v, not %v", dimensions, got, want)
				}
			}
		}
	}
}

func TestExtremes(t *testing.T) {
	great := make([]float32, vector.MaxDimensions)
	for i := range great {
		great[i] = -1
	}
	rows := open(t, encode(t, len(great), [][]float32{great, make([]float32, len(great))}))
	query := vector.NewQuery(great)
	if got := query.Score(rows, 0); math.Abs(got-float64(len(great))) > 0.1 {
		t.Errorf("%v", got)
	}
	if got := query.Score(rows, 1); got != 0 {
		t.Errorf("a vector of zeros scores %v", got)
	}
	for _, value := range []float64{math.NaN(), math.Inf(1)} {
		great[5] = float32(value)
		if got := vector.NewQuery(great).Score(rows, 0); got != 0 {
			t.Errorf("a query with %v scores %v", value, got)
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	nan, infinite := float32(math.NaN()), float32(math.Inf(-1))
	for name, encode := range map[string]func() ([]byte, error){
		"no dimensions":   func() ([]byte, error) { return vector.Encode(0, nil) },
		"many dimensions": func() ([]byte, error) { return vector.Encode(vector.MaxDimensions+1, nil) },
		"many vectors":    func() ([]byte, error) { return vector.Encode(1000, make([][]float32, 1<<22)) },
		"other length":    func() ([]byte, error) { return vector.Encode(2, [][]float32{{1, 0}, {1}}) },
		"NaN":             func() ([]byte, error) { return vector.Encode(2, [][]float32{{nan, 1}}) },
		"infinite":        func() ([]byte, error) { return vector.Encode(2, [][]float32{{1, infinite}}) },
		"joins nothing":   func() ([]byte, error) { return vector.Join(nil) },
		"joins others": func() ([]byte, error) {
			return vector.Join([]vector.Source{{Rows: open(t, encode(t, 2, nil))}, {Rows: open(t, encode(t, 3, nil))}})
		},
	} {
		if _, err := encode(); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

// TestJoin: joining is encoding what was kept.
func TestJoin(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 0))
	for round := range 100 {
		dimensions := 1 + random.IntN(300)
		var parts []vector.Source
		var kept [][]float32
		for part := range 1 + random.IntN(5) {
			given := vectors(uint64(round*10+part), dimensions, random.IntN(30))
			keep := func(row uint32) bool { return row%3 != uint32(part) }
			for row, v := range given {
				if keep(uint32(row)) {
					kept = append(kept, v)
				}
			}
			parts = append(parts, vector.Source{Rows: open(t, encode(t, dimensions, given)), Keep: keep})
		}
		joined, err := vector.Join(parts)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(joined, encode(t, dimensions, kept)) {
			t.Fatalf("%d rows of %d dimensions are joined to others", len(kept), dimensions)
		}
	}
}

func FuzzOpen(f *testing.F) {
	for _, n := range []int{0, 1, 3} {
		f.Add(encode(f, 5, vectors(5, 5, n)))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		rows, err := vector.Open(in)
		if err != nil {
			if !errors.Is(err, vector.ErrCorrupt) {
				t.Error(err)
			}
			return
		}
		source := []vector.Source{{Rows: rows}}
		query := vector.NewQuery(vectors(6, rows.Dimensions(), 1)[0])
		visited := 0
		query.Nearest(source, rows.Len(), vector.Limit{Rows: 1}, func(_ int, row uint32, score float64) {
			visited++
			if got := query.Score(rows, row); got != score {
				t.Errorf("row %d scores %v and %v", row, score, got)
			}
		})
		if rows.Len() > 0 && visited == 0 {
			t.Error("no row is the nearest")
		}
		if joined, err := vector.Join(source); err != nil || !bytes.Equal(joined, in) {
			t.Errorf("joined to %d bytes of %d: %v", len(joined), len(in), err)
		}
	})
}

// TestOpenAllocates: what is opened costs the same, however much there is.
func TestOpenAllocates(t *testing.T) {
	for _, n := range []int{1, 10_000} {
		encoded := encode(t, 8, vectors(6, 8, n))
		if got := testing.AllocsPerRun(10, func() { open(t, encoded) }); got != 1 {
			t.Errorf("%d vectors: %v allocations", n, got)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	good := encode(t, 5, vectors(7, 5, 3))
	for name, change := range map[string]func(b []byte) []byte{
		"nothing":      func([]byte) []byte { return nil },
		"other magic":  func(b []byte) []byte { b[0]++; return b },
		"dimensions":   func(b []byte) []byte { b[4] = 0; return b },
		"more rows":    func(b []byte) []byte { b[8]++; return b },
		"one byte off": func(b []byte) []byte { return b[1:] },
		"trailing":     func(b []byte) []byte { return append(b, 0) },
		"no share":     func(b []byte) []byte { copy(b[12:], "\xff\xff\xff\xff"); return b },
		"no scale":     func(b []byte) []byte { b[12+3*20+3] |= 0x80; return b },
	} {
		if _, err := vector.Open(change(bytes.Clone(good))); !errors.Is(err, vector.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestEncodingStays: what was written once can be read for ever.
func TestEncodingStays(t *testing.T) {
	for dimensions, want := range map[int]string{
		3:   "05495b5acfcccd7d",
		128: "debb899f4966b5a5",
		384: "ebb04e935f8fb0df",
	} {
		given := make([][]float32, 5)
		for i := range given {
			given[i] = make([]float32, dimensions)
			for j := range given[i] {
				given[i][j] = float32((i*31+j*17)%64-32) / 64
			}
		}
		sum := sha256.Sum256(encode(t, dimensions, given))
		if got := hex.EncodeToString(sum[:8]); got != want {
			t.Errorf("%d dimensions: encoded as %s, once as %s", dimensions, got, want)
		}
	}
}
