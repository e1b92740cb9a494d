package corpus

import (
	"encoding/binary"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/seal"
)

var someAttributes = attributes{
	document: uuid.MustParse("0193a6d0-0000-7000-8000-000000000001"), externalID: []byte("a/b.md"), title: []byte("Title"), given: []byte("given"),
	stores: []byte("0123456789abcdef"), size: []byte{200, 1}, readers: []byte("group:sales\nuser:alice\n"),
}

func TestAttributes(t *testing.T) {
	got, err := openAttributes(someAttributes.encode())
	if err != nil || !cmp.Equal(got, someAttributes, cmp.AllowUnexported(attributes{})) {
		t.Errorf("became %v, %v", got, err)
	}
	for length := range len(someAttributes.encode()) - 1 {
		got, err := openAttributes(someAttributes.encode()[:length])
		if err == nil && len(got.readers) > 0 {
			t.Errorf("%d bytes give %v", length, got)
		}
	}
	if _, err := openAttributes(append(someAttributes.encode(), 0)); !errors.Is(err, seal.ErrCorrupt) {
		t.Errorf("with one byte more: %v", err)
	}
}

// TestAttributesOfTheVersionBefore has the layout of an index that was written
// before documents had attributes: id, length of the external id, that, title.
func TestAttributesOfTheVersionBefore(t *testing.T) {
	want := someAttributes
	want.given, want.stores, want.size, want.readers = nil, nil, nil, nil
	before := append([]byte(nil), want.document[:]...)
	before = binary.AppendUvarint(before, uint64(len(want.externalID)))
	before = append(append(before, want.externalID...), want.title...)
	got, err := openAttributes(before)
	if err != nil || !cmp.Equal(got, want, cmp.AllowUnexported(attributes{})) {
		t.Errorf("became %v, %v", got, err)
	}
}

func FuzzOpenAttributes(f *testing.F) {
	f.Add(someAttributes.encode())
	f.Fuzz(func(t *testing.T, in []byte) {
		a, err := openAttributes(in)
		if err != nil {
			return
		}
		again, err := openAttributes(a.encode())
		if err != nil || !cmp.Equal(a, again, cmp.AllowUnexported(attributes{}), cmp.Comparer(func(x, y []byte) bool { return string(x) == string(y) })) {
			t.Errorf("%v became %v, %v", a, again, err)
		}
	})
}
