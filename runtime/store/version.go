package store

import "fmt"

const oldestMajor = 14

// fixedIn is, per major version, the first minor in which an optimizer
// statistics leak across row-level security (CVE-2025-8713) is closed.
var fixedIn = map[int]int{14: 19, 15: 14, 16: 10, 17: 6}

// checkVersion takes the server's server_version_num. Majors above the newest
// listed were released with the fix.
func checkVersion(num int) error {
	major, minor := num/10000, num%10000
	need, listed := fixedIn[major]
	switch {
	case listed && minor < need:
		return fmt.Errorf("%w: PostgreSQL %d.%d leaks rows across row-level security (CVE-2025-8713): upgrade to %d.%d or later", ErrUnproven, major, minor, major, need)
	case major < oldestMajor:
		return fmt.Errorf("%w: PostgreSQL %d is not supported: use %d or later", ErrUnproven, major, oldestMajor)
	}
	return nil
}
