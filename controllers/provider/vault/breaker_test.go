package vault

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

// TestSealedRequestRate: however many tenants wait and however often they are
// tried, a sealed Vault gets about one request a pause.
func TestSealedRequestRate(t *testing.T) {
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer server.Close()
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("jwt"), 0o600); err != nil {
		t.Fatal(err)
	}
	client, err := New(Options{Address: server.URL, TransitMount: "transit", AuthMount: "kubernetes", Role: "r", TokenFile: token})
	if err != nil {
		t.Fatal(err)
	}
	const lasting = 4 * time.Second
	tried := 0
	for end := time.Now().Add(lasting); time.Now().Before(end); tried++ {
		if err := client.Ensure(context.Background(), Spec{Key: "k", Role: "r"}); !errors.Is(err, ErrSealed) {
			t.Fatalf("Ensure = %v, want ErrSealed", err)
		}
		time.Sleep(100 * time.Microsecond)
	}
	// Pauses of 1 s, 2 s and 4 s: at 0, 1 and 3 s.
	if got := requests.Load(); got < 2 || got > 4 {
		t.Errorf("%d requests in %s for %d tries, want about 3", got, lasting, tried)
	}
	t.Logf("%d requests for %d tries in %s", requests.Load(), tried, lasting)
}

func TestBreakerRecovers(t *testing.T) {
	b := breaker{}
	b.record(ErrUnreachable)
	if err := b.allow(); !errors.Is(err, ErrUnreachable) {
		t.Fatalf("right after a failure: %v", err)
	}
	b.until = time.Now().Add(-time.Millisecond)
	if err := b.allow(); err != nil {
		t.Fatalf("after the pause: %v", err)
	}
	if err := b.allow(); err == nil {
		t.Fatal("a second caller was let through with the first")
	}
	b.record(nil)
	if err := b.allow(); err != nil {
		t.Fatalf("after a success: %v", err)
	}
}

// TestOneOutageIsOneFailure: callers that fail together lengthen the pause once.
func TestOneOutageIsOneFailure(t *testing.T) {
	b := breaker{}
	for range 8 {
		b.record(ErrSealed)
	}
	if b.pause != firstPause {
		t.Errorf("the pause is %s, want %s", b.pause, firstPause)
	}
	b.until = time.Now().Add(-time.Millisecond)
	if err := b.allow(); err != nil {
		t.Fatalf("after the pause: %v", err)
	}
	b.record(ErrSealed)
	if b.pause != 2*firstPause {
		t.Errorf("after one more failure the pause is %s, want %s", b.pause, 2*firstPause)
	}
}
