package desired

import (
	"cmp"
	"slices"
)

// SortAddresses orders and deduplicates addresses, so that equal sets give
// equal objects.
func SortAddresses(addresses []Address) []Address {
	slices.SortFunc(addresses, func(a, b Address) int {
		return cmp.Or(cmp.Compare(a.IP, b.IP), cmp.Compare(a.Port, b.Port))
	})
	return slices.Compact(addresses)
}
