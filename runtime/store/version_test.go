package store

import "testing"

func TestCheckVersion(t *testing.T) {
	for num, ok := range map[int]bool{
		130022: false, 140018: false, 140019: true, 150013: false, 150014: true, 160009: false, 160010: true,
		170005: false, 170006: true, 170011: true, 180000: true,
	} {
		if err := checkVersion(num); (err == nil) != ok {
			t.Errorf("%d: %v", num, err)
		}
	}
}
