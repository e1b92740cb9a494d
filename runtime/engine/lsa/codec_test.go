package lsa

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCodec(t *testing.T) {
	basis := fit(t, randomSample(MinChunks, 200, 20), Seed{7})
	data := basis.Encode()
	decoded, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(basis, decoded, cmp.AllowUnexported(Basis{})); diff != "" {
		t.Errorf("decoded (-want +got):\n%s", diff)
	}
	for length := range data {
		if _, err := Decode(data[:length]); !errors.Is(err, ErrCorrupt) {
			t.Fatalf("the first %d bytes of %d: %v", length, len(data), err)
		}
	}
	if _, err := Decode(append(data, 0)); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a byte too many: %v", err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	data := fit(t, randomSample(MinChunks, 200, 20), Seed{7}).Encode()
	numbers := len(magic) + len(Seed{}) // where they begin
	for name, change := range map[string]func(data []byte){
		"another version": func(data []byte) { data[len(magic)-1]++ },
		"no chunks":       func(data []byte) { binary.BigEndian.PutUint64(data[numbers:], 0) },
		"endless chunks":  func(data []byte) { binary.BigEndian.PutUint64(data[numbers:], math.MaxUint64) },
		"unseen":          func(data []byte) { binary.BigEndian.PutUint64(data[numbers+8:], math.Float64bits(math.NaN())) },
		"no dimensions":   func(data []byte) { binary.BigEndian.PutUint16(data[numbers+16:], 0) },
		"dimensions":      func(data []byte) { binary.BigEndian.PutUint16(data[numbers+16:], MaxDimensions+1) },
		"terms":           func(data []byte) { binary.BigEndian.PutUint32(data[numbers+18:], MaxTerms) },
		"order of terms":  func(data []byte) { data[headerBytes+1] = 'z' },
		"a weight": func(data []byte) {
			b, _ := Decode(data)
			at := len(data) - len(b.weights)*(4+b.dimensions)
			binary.BigEndian.PutUint32(data[at:], math.Float32bits(float32(math.Inf(1))))
		},
	} {
		t.Run(name, func(t *testing.T) {
			changed := slices.Clone(data)
			change(changed)
			if _, err := Decode(changed); !errors.Is(err, ErrCorrupt) {
				t.Errorf("Decode: %v", err)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(fit(f, randomSample(400, 60, 10), Seed{7}).Encode())
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, data []byte) {
		basis, err := Decode(data)
		if err != nil {
			return
		}
		if again := basis.Encode(); !slices.Equal(data, again) {
			t.Fatal("two encodings of one basis")
		}
		if most := int64(60 * len(data)); basis.Bytes() > most {
			t.Fatalf("%d bytes of %d", basis.Bytes(), len(data))
		}
		basis.Project([]Count{{"w1", 1}, {"w2", math.MaxUint32}})
	})
}
