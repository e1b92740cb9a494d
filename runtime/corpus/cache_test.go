package corpus

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/bulkhead-dev/bulkhead/runtime/engine"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

func testCache(limit int64) *cache {
	return newCache(CacheConfig{Bytes: limit, Tenant: limit, ColdLoads: 1}, prometheus.NewRegistry())
}

func testKeys() *seal.Keyring { return seal.NewKeyring(uuid.New(), time.Hour, time.Now) }

// viewOf is a held view of a generation, of objects as they are after a load.
func viewOf(c *cache, generation int64, objects ...*memory) *view {
	v := newView()
	v.stamp, v.index = store.Stamp{Incarnation: 1, Generation: generation}, engine.NewIndex(language.English, nil)
	for _, p := range objects {
		v.memory[pinned{object: uuid.New()}] = p
	}
	c.adopt(v)
	return v
}

// kilobyte of plaintext, with room behind it.
func kilobyte() *memory { return newMemory(bytes.Repeat([]byte{'x'}, 1024)[:1000]) }

func (m *memory) zeroed() bool { return bytes.Count(m.plain[:cap(m.plain)], []byte{0}) == cap(m.plain) }

func (m *memory) whole() bool { return bytes.Count(m.plain, []byte{'x'}) == len(m.plain) }

// expectUsed compares what counts with what is said.
func (c *cache) expectUsed(t *testing.T, when string, want int64) {
	t.Helper()
	c.mu.Lock()
	defer c.unlock()
	if c.used != want {
		t.Errorf("%s: %d bytes count, want %d", when, c.used, want)
	}
}

func TestObjectsAreZeroedWithTheirLastView(t *testing.T) {
	c, keys := testCache(1<<20), testKeys()
	stays, goes, comes := kilobyte(), kilobyte(), kilobyte()
	before := viewOf(c, 1, stays, goes)
	c.put(keys, before)
	c.release(before)
	request := c.hold(keys)
	after := viewOf(c, 2, stays, comes)
	c.put(keys, after)
	c.release(after)
	c.expectUsed(t, "replaced and held", 3000)
	if !goes.whole() {
		t.Error("zeroed under a request")
	}
	c.release(request)
	if !goes.zeroed() || !stays.whole() || !comes.whole() {
		t.Error("not zeroed with its last request, or others with it")
	}
	c.expectUsed(t, "let go", 2000)
	request = c.hold(keys)
	c.drop(keys)
	c.expectUsed(t, "dropped and held", 2000)
	if !stays.whole() || !comes.whole() {
		t.Error("dropped under a request")
	}
	c.release(request)
	if !stays.zeroed() || !comes.zeroed() {
		t.Error("not zeroed when dropped")
	}
	c.expectUsed(t, "nothing left", 0)
}

func TestEvictedIsZeroed(t *testing.T) {
	c := testCache(2500)
	var objects []*memory
	for range 4 {
		p := kilobyte()
		objects = append(objects, p)
		v := viewOf(c, 1, p)
		c.put(testKeys(), v)
		c.release(v)
	}
	if !objects[0].zeroed() || !objects[1].zeroed() || !objects[2].whole() || !objects[3].whole() {
		t.Error("not those that were used longest ago")
	}
	c.expectUsed(t, "the last two are left", 2000)
	release, err := c.reserve(t.Context(), 2000)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if !objects[2].zeroed() || !objects[3].zeroed() {
		t.Error("no room made")
	}
	c.expectUsed(t, "nothing left", 0)
}

// What a request holds takes its memory until it ends, and others make room meanwhile.
func TestEvictedAndHeldCounts(t *testing.T) {
	c, slow := testCache(2500), testKeys()
	p := kilobyte()
	held := viewOf(c, 1, p)
	c.put(slow, held)
	for range 2 {
		v := viewOf(c, 1, kilobyte())
		c.put(testKeys(), v)
		c.release(v)
	}
	if c.has(slow) || !p.whole() {
		t.Error("not evicted, or zeroed under a request")
	}
	c.expectUsed(t, "held", 2000)
	c.release(held)
	if !p.zeroed() {
		t.Error("not zeroed")
	}
	c.expectUsed(t, "let go", 1000)
}

// Two loads at the same time open the same twice, and each is zeroed for itself.
func TestViewThatIsNotNewerIsZeroed(t *testing.T) {
	c, keys := testCache(1<<20), testKeys()
	cached, late := kilobyte(), kilobyte()
	first, second := viewOf(c, 2, cached), viewOf(c, 1, late)
	c.put(keys, first)
	c.put(keys, second)
	c.release(second)
	if !late.zeroed() || !cached.whole() {
		t.Error("the older one is not zeroed, or the newer one is")
	}
	c.expectUsed(t, "one is cached", 1000)
	c.release(first)
	c.drop(keys)
	c.expectUsed(t, "nothing left", 0)
}

// Whoever waits for a load gets what was loaded, though it was dropped before they came
// to it; who went away holds nothing.
func TestLandedViewIsHeldByThoseWhoWait(t *testing.T) {
	c, keys, p := testCache(1<<20), testKeys(), kilobyte()
	loads, land := 0, make(chan struct{})
	load := func() (*view, error) {
		loads++
		<-land
		v := viewOf(c, 1, p)
		c.put(keys, v)
		c.drop(keys)
		return v, nil
	}
	f := c.join(keys, load)
	for range 3 {
		c.join(keys, load)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.wait(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("waited: %v", err)
	}
	close(land)
	<-f.landed
	f.leave() // at the last moment
	for range 2 {
		v, err := f.wait(t.Context())
		if err != nil || !p.whole() {
			t.Fatalf("not there any more, %v", err)
		}
		c.expectUsed(t, "dropped and held", 1000)
		c.release(v)
	}
	if loads != 1 || len(c.flights) > 0 || !p.zeroed() {
		t.Errorf("%d loads, %d flights, or not zeroed", loads, len(c.flights))
	}
	c.expectUsed(t, "let go", 0)
}

func TestFailedLoadFailsForAll(t *testing.T) {
	c, keys, failure := testCache(1<<20), testKeys(), errors.New("failure")
	land := make(chan struct{})
	load := func() (*view, error) {
		<-land
		return nil, failure
	}
	flights := []*flight{c.join(keys, load), c.join(keys, load)}
	close(land)
	for _, f := range flights {
		if v, err := f.wait(t.Context()); v != nil || !errors.Is(err, failure) {
			t.Errorf("%v, %v", v, err)
		}
	}
	flights[0].leave() // once more, and there is nothing to let go of
	again := viewOf(c, 1)
	v, err := c.join(keys, func() (*view, error) { return again, nil }).wait(t.Context())
	if v != again || err != nil {
		t.Errorf("%v, %v", v, err)
	}
}
