package audit_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/bulkhead-dev/bulkhead/runtime/audit"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
	"github.com/bulkhead-dev/bulkhead/test/fixture"
)

func TestMain(m *testing.M) { fixture.Main(m) }

// openKEK wraps nothing: this package's matter is the chain.
type openKEK struct{}

func (openKEK) Ref() string { return "test" }

func (openKEK) Wrap(_ context.Context, key, _ []byte) (string, error) {
	return base64.StdEncoding.EncodeToString(key), nil
}

func (openKEK) Unwrap(_ context.Context, wrapped string, _ []byte) ([]byte, error) {
	return base64.StdEncoding.DecodeString(wrapped)
}

type world struct {
	pg    *fixture.Postgres
	store *store.Store
	keys  *seal.Keyring
}

func newWorld(t *testing.T) world {
	t.Helper()
	pg := fixture.NewPostgres(t)
	pg.Migrate(t)
	s, err := store.Open(t.Context(), pg.Config(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	tenant := uuid.New()
	if err := s.Provision(t.Context(), tenant, 1, audit.Genesis(tenant)); err != nil {
		t.Fatal(err)
	}
	wrapped, err := seal.Generate(t.Context(), tenant, openKEK{})
	if err != nil {
		t.Fatal(err)
	}
	keys := seal.NewKeyring(tenant, time.Hour, time.Now)
	if err := keys.Renew(t.Context(), openKEK{}, wrapped); err != nil {
		t.Fatal(err)
	}
	return world{pg: pg, store: s, keys: keys}
}

func newLog() *audit.Log {
	return audit.NewLog(slog.New(slog.DiscardHandler), prometheus.NewRegistry())
}

// chains reads, as a superuser, which events stand in which lane, and how many
// do not follow the one before.
func (w world) chains(t *testing.T) (kinds map[int64][]string, breaks int) {
	t.Helper()
	rows, err := w.pg.Superuser(t).Query(t.Context(), `select lane, kind, coalesce(prev <> lag(hash) over (partition by lane order by seq), false),
		seq <> row_number() over (partition by lane order by seq) from bulkhead.audit_event order by lane, seq`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	kinds = map[int64][]string{}
	for rows.Next() {
		var lane int64
		var kind string
		var broken, gap bool
		if err := rows.Scan(&lane, &kind, &broken, &gap); err != nil {
			t.Fatal(err)
		}
		kinds[lane] = append(kinds[lane], kind)
		if broken || gap {
			breaks++
		}
	}
	return kinds, breaks
}

func TestConcurrentAccessesMakeOneChain(t *testing.T) {
	w := newWorld(t)
	log := newLog()
	lane := log.Lane(w.store, w.keys)
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			access, err := lane.Begin(context.Background(), "retrieve", audit.Record{Request: fmt.Sprint(i), Query: "q"})
			if err != nil {
				t.Error(err)
				return
			}
			access.End(200, "")
		})
	}
	all.Wait()
	log.Wait()
	kinds, breaks := w.chains(t)
	if len(kinds) != 2 || breaks != 0 {
		t.Fatalf("%d lanes, %d breaks", len(kinds), breaks)
	}
	if fmt.Sprint(kinds[0]) != "[lane.open]" {
		t.Errorf("lane 0: %v", kinds[0])
	}
	delete(kinds, 0)
	for _, lane := range kinds {
		if len(lane) != 400 {
			t.Errorf("%d events, want 400", len(lane))
		}
	}
}

func TestIntentOutlivesTheProcess(t *testing.T) {
	w := newWorld(t)
	if _, err := newLog().Lane(w.store, w.keys).Begin(t.Context(), "answer", audit.Record{Request: "r"}); err != nil {
		t.Fatal(err)
	}
	// The process ends here: no result, no Wait. Its successor has another lane.
	if _, err := newLog().Lane(w.store, w.keys).Begin(t.Context(), "answer", audit.Record{Request: "r"}); err != nil {
		t.Fatal(err)
	}
	kinds, breaks := w.chains(t)
	if len(kinds) != 3 || breaks != 0 || len(kinds[0]) != 2 {
		t.Errorf("lanes %v, %d breaks", kinds, breaks)
	}
	for lane, events := range kinds {
		if lane != 0 && fmt.Sprint(events) != "[answer.intent]" {
			t.Errorf("lane %d: %v", lane, events)
		}
	}
}

func TestNoAccessWithoutKeys(t *testing.T) {
	w := newWorld(t)
	w.keys.Close()
	if _, err := newLog().Lane(w.store, w.keys).Begin(t.Context(), "answer", audit.Record{}); err == nil {
		t.Error("an access began whose record can not be sealed")
	}
}
