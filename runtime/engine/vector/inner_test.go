package vector

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestRotate: a rotation keeps dot products, and spreads what is in one dimension.
func TestRotate(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for dimensions := 1; dimensions <= 400; dimensions++ {
		a, b := make([]float32, dimensions), make([]float32, dimensions)
		for i := range a {
			a[i], b[i] = float32(random.NormFloat64()), float32(random.NormFloat64())
		}
		rotation := newRotation(dimensions)
		before := dot(a, b)
		turned := slices.Clone(rotation.turn(a))
		if after := dot(turned, rotation.turn(b)); math.Abs(after-before) > 1e-3 {
			t.Errorf("%d dimensions: %v, once %v", dimensions, after, before)
		}
		for i := range dimensions {
			one := make([]float32, dimensions)
			one[i] = 1
			if most := float64(largest(rotation.turn(one))); most > 6/math.Sqrt(float64(dimensions)) {
				t.Errorf("%v of dimension %d of %d stays in one", most, i, dimensions)
			}
		}
	}
}

func dot(a, b []float32) float64 {
	sum := 0.0
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}

// TestBounds: no row scores more or less than its 8-bit values let expect.
func TestBounds(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 2))
	for dimensions := 1; dimensions < 200; dimensions++ {
		vectors := make([][]float32, 50)
		for i := range vectors {
			for range dimensions {
				vectors[i] = append(vectors[i], float32(random.NormFloat64()))
			}
		}
		encoded, err := Encode(dimensions, vectors)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := Open(encoded)
		if err != nil {
			t.Fatal(err)
		}
		query := NewQuery(vectors[0])
		for row := range uint32(rows.Len()) {
			product := query.product(rows, row)
			least, most := query.least(rows, row, product), query.most(rows, row, product)
			if score := query.score(rows, row, product); score < least || score > most || most-least > 0.2*float64(dimensions) {
				t.Errorf("%d dimensions: from %v to %v, but %v", dimensions, least, most, score)
			}
		}
	}
}

// TestDoubt: a row's promise is seldom less than its score, and not much more.
func TestDoubt(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 3))
	const dimensions, n = 128, 20_000
	vectors := make([][]float32, n)
	for i := range vectors {
		for range dimensions {
			vectors[i] = append(vectors[i], float32(random.NormFloat64()))
		}
	}
	encoded, err := Encode(dimensions, vectors)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := Open(encoded)
	if err != nil {
		t.Fatal(err)
	}
	query := NewQuery(vectors[0])
	promises := make([]float32, n)
	query.planes.promise(rows, promises)
	broken, deviation := 0, 0.0
	for row, promise := range promises {
		score := query.Score(rows, uint32(row))
		said := float64(promise) * float64(query.planes.scale)
		if said < score {
			broken++
		}
		share, _ := rows.signs.cut(uint32(row))
		off := said - float64(share)*float64(query.planes.scale)*float64(query.planes.doubt) - score
		deviation += off * off
	}
	if broken > n/30 {
		t.Errorf("%d of %d promises are broken", broken, n)
	}
	doubt := float64(query.planes.doubt) * float64(query.planes.scale) * math.Sqrt(math.Pi/2)
	if got := math.Sqrt(deviation / n); got < 0.9*doubt/deviations || got > 1.1*doubt/deviations {
		t.Errorf("deviation %v of %v", got, doubt/deviations)
	}
}

// TestMostPromising: the most promising are those that sorting puts first, and their
// equals.
func TestMostPromising(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 4))
	for range 5000 {
		all := make([]candidate, 1+random.IntN(60))
		different := 1 + random.IntN(60)
		for i := range all {
			all[i] = candidate{row: uint32(i), promise: float32(random.IntN(different))}
		}
		sorted := slices.Clone(all)
		slices.SortFunc(sorted, func(a, b candidate) int { return int(b.promise - a.promise) })
		n := 1 + random.IntN(len(all)+5)
		end := min(n, len(all))
		for end < len(all) && sorted[end].promise == sorted[end-1].promise {
			end++
		}
		most, rest := mostPromising(all, n)
		if len(most) != end || len(most)+len(rest) != len(sorted) || leastPromise(most) != sorted[end-1].promise {
			t.Fatalf("%d of %v: %v and %v", n, sorted, most, rest)
		}
	}
}

// TestProducts: products are exact, at the extremes too, as any machine makes them and
// as this one does.
func TestProducts(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 5))
	for length := range 400 {
		query := make([]int16, length)
		for i := range query {
			query[i] = []int16{-maxQuery, maxQuery, int16(random.IntN(2*maxQuery) - maxQuery)}[random.IntN(3)]
		}
		rows := column{width: floatBytes + length}
		rows.bytes = make([]byte, (2+random.IntN(5))*rows.width)
		var want []int32
		for row := range len(rows.bytes) / rows.width {
			sum := int32(0)
			for i, value := range query {
				at := []int8{math.MinInt8, math.MaxInt8, int8(random.IntN(256) - 128)}[random.IntN(3)]
				rows.at(uint32(row))[floatBytes+i] = byte(at)
				sum += int32(value) * int32(at)
			}
			want = append(want, sum)
		}
		for name, multiply := range map[string]func([]int16, column, uint32, []int32){"plain": plainProducts, "this machine": products} {
			got := make([]int32, len(want)-1)
			if multiply(query, rows, 1, got); !slices.Equal(got, want[1:]) {
				t.Errorf("%s: %d values: %d, not %d", name, length, got, want[1:])
			}
		}
	}
	query, row := slices.Repeat([]int16{maxQuery}, MaxDimensions), slices.Repeat([]byte{1 << 7}, floatBytes+MaxDimensions)
	var got [1]int32
	if products(query, column{row, len(row)}, 0, got[:]); got[0] != maxQuery*math.MinInt8*MaxDimensions {
		t.Errorf("the greatest product is %d", got[0])
	}
}

// TestFineProduct: so are those with 4-bit values.
func TestFineProduct(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	for length := range 400 {
		query, fine, want := make([]int16, length), make([]byte, (length+1)/2), int32(0)
		for i := range query {
			query[i] = int16(random.IntN(2*maxQuery) - maxQuery)
			value := random.IntN(16) - 8
			fine[i/2] |= byte(value) & 15 << (4 * (i % 2))
			want += int32(query[i]) * int32(value)
		}
		if got := fineProduct(query, fine); got != want {
			t.Errorf("%d values of 4 bits: %d, not %d", length, got, want)
		}
	}
}

// TestDiffer: every bit that differs counts as often as its plane weighs.
func TestDiffer(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 6))
	for n := range 33 {
		words, signs := make([]planeWords, n), column{width: floatBytes + n*signBytes}
		signs.bytes = make([]byte, (2+random.IntN(5))*signs.width)
		for i := range signs.bytes {
			signs.bytes[i] = byte(random.Uint32())
		}
		for i := range words {
			for half := range words[i] {
				for plane := range words[i][half] {
					words[i][half][plane] = random.Uint64()
				}
			}
		}
		if n == 32 { // as many as there can be, and all differ
			words = make([]planeWords, n)
			signs.bytes = slices.Repeat([]byte{0xff}, len(signs.bytes))
		}
		var want []int32
		for row := range len(signs.bytes) / signs.width {
			want = append(want, differBitByBit(words, signs.at(uint32(row))[floatBytes:]))
		}
		for name, count := range map[string]func([]planeWords, column, uint32, []int32){"plain": plainDifferences, "this machine": differences} {
			got := make([]int32, len(want)-1)
			if count(words, signs, 1, got); !slices.Equal(got, want[1:]) {
				t.Errorf("%s: %d words: %d, not %d", name, n, got, want[1:])
			}
		}
	}
}

func differBitByBit(words []planeWords, signs []byte) (sum int32) {
	for i := range words {
		for half := range words[i] {
			for plane, word := range words[i][half] {
				for bit := range 64 {
					sign := signs[i*signBytes+half*8+bit/8] >> (bit % 8) & 1
					if word>>bit&1 != uint64(sign) {
						sum += 1 << plane
					}
				}
			}
		}
	}
	return sum
}

// BenchmarkPromises looks at the signs of a million rows.
func BenchmarkPromises(b *testing.B) {
	for _, dimensions := range []int{128, 384} {
		signs := column{width: floatBytes + signWidth(dimensions)}
		signs.bytes = make([]byte, 1_000_000*signs.width)
		rows := &Rows{dimensions: dimensions, n: 1_000_000, signs: signs}
		p := newPlanes(NewQuery(slices.Repeat([]float32{1}, dimensions)))
		out := make([]float32, rows.n)
		b.Run(fmt.Sprint(dimensions), func(b *testing.B) {
			for b.Loop() {
				p.promise(rows, out)
			}
		})
	}
}
