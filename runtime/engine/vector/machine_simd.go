//go:build goexperiment.simd && amd64

package vector

import (
	"encoding/binary"
	"simd/archsimd"
)

// product is the dot product of a query's values and a row's 8-bit ones: the same as
// plainProduct, four times as fast.
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

// planeWeights are how far a plane's bits are shifted.
var planeWeights = [planeCount]uint64{0, 1, 2, 3}

// differ counts the bits of signs that differ from words', each as often as its plane
// weighs: the same as plainDiffer, all planes at once.
func differ(words []planeWords, signs []byte) int {
	if !archsimd.X86.AVX512VPOPCNTDQ() {
		return plainDiffer(words, signs)
	}
	var a, b archsimd.Uint64x4
	for i := range words {
		in := (*[signBytes]byte)(signs)
		a = a.Add(differing(&words[i][0], binary.LittleEndian.Uint64(in[:])))
		b = b.Add(differing(&words[i][1], binary.LittleEndian.Uint64(in[8:])))
		signs = signs[signBytes:]
	}
	var counts [planeCount]uint64
	a.Add(b).ShiftLeft(archsimd.LoadUint64x4(&planeWeights)).Store(&counts)
	archsimd.ClearAVXUpperBits()
	return int(counts[0] + counts[1] + counts[2] + counts[3])
}

func differing(planes *[planeCount]uint64, signs uint64) archsimd.Uint64x4 {
	return archsimd.BroadcastUint64x4(signs).Xor(archsimd.LoadUint64x4(planes)).OnesCount()
}
