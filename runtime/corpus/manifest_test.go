package corpus

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
)

func listing(segments, dead int) manifest {
	m := manifest{previous: hash{7}, language: language.German, basis: pinned{uuid.New(), hash{8}, 9}}
	for i := range uint32(segments) {
		m.segments = append(m.segments, member{
			lexicon: pinned{uuid.New(), hash{byte(i)}, 100 + i}, vectors: pinned{uuid.New(), hash{byte(i), 1}, 200 + i},
			documents: i, chunks: 300 + i, unseen: float32(i) / 2,
		})
	}
	for range dead {
		m.dead = append(m.dead, uuid.New())
	}
	return m
}

// changing lists a next basis of which every second segment has vectors.
func changing(segments, dead int) manifest {
	m := listing(segments, dead)
	m.next = pinned{uuid.New(), hash{9}, 10}
	for i := range m.segments {
		if i%2 == 0 {
			m.segments[i].next = pinned{uuid.New(), hash{byte(i), 2}, 400}
		}
	}
	return m
}

func TestManifestIsReadAsItWasWritten(t *testing.T) {
	for _, want := range []manifest{{}, listing(1, 0), listing(0, 1), listing(maxSegments, maxDead), changing(0, 1), changing(3, 2)} {
		got, err := decodeManifest(want.encode())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.encode(), got.encode()); diff != "" {
			t.Errorf("(-written +read):\n%s", diff)
		}
		if got.next != want.next || !slices.Equal(got.segments, want.segments) || !slices.Equal(got.dead, want.dead) || got.basis != want.basis || got.language != want.language {
			t.Errorf("%v is read, of %v", got, want)
		}
	}
}

func TestVectorsAndBasisGoTogether(t *testing.T) {
	without, lost := listing(2, 0), listing(2, 0)
	without.basis, lost.segments[1].vectors = pinned{}, pinned{}
	for _, m := range []manifest{without, lost} {
		if _, err := decodeManifest(m.encode()); !errors.Is(err, seal.ErrCorrupt) {
			t.Errorf("it is read: %v", err)
		}
	}
}

func TestManifestListsNothingTwice(t *testing.T) {
	twice := map[string]func(*manifest){
		"a segment":          func(m *manifest) { m.segments[1] = m.segments[0] },
		"a segment's terms":  func(m *manifest) { m.segments[1].lexicon.object = m.segments[0].lexicon.object },
		"vectors":            func(m *manifest) { m.segments[1].vectors = m.segments[0].vectors },
		"vectors to come":    func(m *manifest) { m.segments[2].next = m.segments[0].next },
		"vectors as a basis": func(m *manifest) { m.basis = m.segments[0].vectors },
		"a basis":            func(m *manifest) { m.next = m.basis },
		"a dead version":     func(m *manifest) { m.dead[1] = m.dead[0] },
	}
	for what, change := range twice {
		m := changing(3, 2)
		change(&m)
		if _, err := decodeManifest(m.encode()); !errors.Is(err, seal.ErrCorrupt) {
			t.Errorf("%s twice: %v", what, err)
		}
	}
}

func FuzzDecodeManifest(f *testing.F) {
	for _, m := range []manifest{{}, listing(1, 1), listing(3, 2), changing(3, 2)} {
		f.Add(m.encode())
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		m, err := decodeManifest(in)
		if err != nil {
			if !errors.Is(err, seal.ErrCorrupt) {
				t.Errorf("refused with %v", err)
			}
			return
		}
		if diff := cmp.Diff(in, m.encode()); diff != "" {
			t.Errorf("another encoding is read, too:\n%s", diff)
		}
	})
}
