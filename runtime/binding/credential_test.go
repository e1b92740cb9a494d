package binding

import (
	"testing"
	"time"

	"github.com/google/uuid"
)

func TestKey(t *testing.T) {
	tenant := uuid.New()
	text, stored := NewKey(tenant, "k1")
	if got, keyID, err := ParseKey(text); err != nil || got != tenant || keyID != "k1" {
		t.Fatalf("ParseKey = %s, %s, %v", got, keyID, err)
	}
	if !stored.Matches(text) || stored.Matches(text+"a") || stored.Matches("") {
		t.Error("the stored half does not tell keys apart")
	}
	now := time.Now()
	if stored.Expired(now) {
		t.Error("a current credential is expired")
	}
	stored.ExpiresAt = &now
	if !stored.Expired(now) || stored.Expired(now.Add(-time.Second)) {
		t.Error("a rotated credential does not expire at its time")
	}
}

func TestParseKeyRefuses(t *testing.T) {
	for _, text := range []string{"", "bk_", "bk_a_b", "sk_abc", "bk_" + string(make([]byte, 200))} {
		if _, _, err := ParseKey(text); err == nil {
			t.Errorf("%q was read as a key", text)
		}
	}
}
