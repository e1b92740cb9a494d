package volumes

import (
	"encoding/json"
	"testing"
)

func TestWaitsForUs(t *testing.T) {
	tests := []struct {
		name string
		json string
		want bool
	}{
		{"new claim", `{"spec":{"storageClassName":"local"},"status":{"phase":"Pending"}}`, true},
		{"bound", `{"spec":{"storageClassName":"local","volumeName":"x"},"status":{"phase":"Bound"}}`, false},
		{"names a volume", `{"spec":{"storageClassName":"local","volumeName":"x"},"status":{"phase":"Pending"}}`, false},
		{"another class", `{"spec":{"storageClassName":"fast"},"status":{"phase":"Pending"}}`, false},
		{"block device", `{"spec":{"storageClassName":"local","volumeMode":"Block"},"status":{"phase":"Pending"}}`, false},
		{"being deleted", `{"metadata":{"deletionTimestamp":"2026-01-01T00:00:00Z"},"spec":{"storageClassName":"local"},"status":{"phase":"Pending"}}`, false},
	}
	for _, tt := range tests {
		var c claim
		if err := json.Unmarshal([]byte(tt.json), &c); err != nil {
			t.Fatal(err)
		}
		if got := c.waitsForUs(); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestIsAbandoned(t *testing.T) {
	ours := func() volume { return claim{Metadata: metadata{UID: "1"}}.newVolume("/v") }
	tests := []struct {
		name   string
		change func(*volume)
		want   bool
	}{
		{"released", func(v *volume) { v.Status.Phase = "Released" }, true},
		{"bound", func(v *volume) { v.Status.Phase = "Bound" }, false},
		{"retained", func(v *volume) {
			v.Status.Phase, v.Spec.PersistentVolumeReclaimPolicy = "Released", "Retain"
		}, false},
		{"made by somebody else", func(v *volume) { v.Status.Phase, v.Metadata.Annotations = "Released", nil }, false},
	}
	for _, tt := range tests {
		v := ours()
		tt.change(&v)
		if got := v.isAbandoned(); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
