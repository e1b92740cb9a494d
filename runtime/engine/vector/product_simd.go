//go:build goexperiment.simd && amd64

package vector

import "simd/archsimd"

// product is the dot product of a query's values and a row's 8-bit ones: the same as
// plainProduct, two to three times as fast.
func product(query []int16, row []byte) int32 {
	if !archsimd.X86.AVX2() {
		return plainProduct(query, row)
	}
	var a, b archsimd.Int32x8
	for len(query) >= 32 && len(row) >= 32 {
		a = a.Add(products(query, row))
		b = b.Add(products(query[16:], row[16:]))
		query, row = query[32:], row[32:]
	}
	var sums [8]int32
	a.Add(b).Store(&sums)
	archsimd.ClearAVXUpperBits()
	total := plainProduct(query, row)
	for _, sum := range sums {
		total += sum
	}
	return total
}

// products adds up the products of the first 16 values in pairs.
func products(query []int16, row []byte) archsimd.Int32x8 {
	return archsimd.LoadUint8x16Slice(row).AsInt8x16().ExtendToInt16().DotProductPairs(archsimd.LoadInt16x16Slice(query))
}
