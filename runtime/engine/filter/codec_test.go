package filter

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCodec(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 2))
	for range 1000 {
		want := someAttributes(random)
		if len(want) == 0 {
			want = nil
		}
		got, err := Decode(want.Encode())
		if err != nil || !cmp.Equal(got, want, values) {
			t.Fatalf("%v became %v, %v", want, got, err)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	pair := func(key, value string) []byte { return Attributes{key: Text(value)}.Encode() }
	for name, in := range map[string][]byte{
		"cut off":       document.Encode()[:20],
		"a kind":        {1, 'a', 9},
		"no kind":       {1, 'a'},
		"a length":      {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 'a'},
		"keys in order": append(pair("b", "x"), pair("a", "x")...),
		"a key twice":   append(pair("a", "x"), pair("a", "y")...),
		"not a number":  {1, 'a', byte(number), 0x7f, 0xf8, 0, 0, 0, 0, 0, 1},
		"no key":        {0, byte(truth)},
	} {
		if a, err := Decode(in); !errors.Is(err, ErrEncoding) {
			t.Errorf("%s: %v, %v", name, a, err)
		}
	}
}

// FuzzDecode: whatever the bytes, what is decoded encodes alike, and a filter reads
// the same attributes out of them.
func FuzzDecode(f *testing.F) {
	f.Add(document.Encode())
	f.Add([]byte{1, 'a', byte(number), 0, 0})
	f.Fuzz(func(t *testing.T, in []byte) {
		find(in, "year")
		a, err := Decode(in)
		if err != nil {
			return
		}
		again, err := Decode(a.Encode())
		if err != nil || !cmp.Equal(a, again, values) || len(a.Encode()) > len(in) {
			t.Fatalf("%v became %v, %v", a, again, err)
		}
		for key, value := range a {
			if got, found := find(in, key); !found || !got.equals(value) && !bytes.Equal(got.text, []byte(value.text)) {
				t.Errorf("%s is not found", key)
			}
		}
	})
}
