//go:build !goexperiment.simd || !amd64

package vector

// product is the dot product of a query's values and a row's 8-bit ones.
func product(query []int16, row []byte) int32 { return plainProduct(query, row) }
