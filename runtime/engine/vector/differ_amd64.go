package vector

import "golang.org/x/sys/cpu"

// differAVX2 writes what differ counts of n rows' signs, of which each begins width
// bytes after the one before, and so many blocks of words.
//
//go:noescape
func differAVX2(words *planeWords, blocks int, signs *byte, width int, out *int32, n int)

// differences writes what differ counts of the signs of rows, from the first on, as many
// as out is long: the same as plainDifferences, twice (of 128 dimensions) to five times
// (of 384) as fast.
func differences(words []planeWords, signs column, first uint32, out []int32) {
	if !cpu.X86.HasAVX2 || len(words) == 0 || len(out) == 0 {
		plainDifferences(words, signs, first, out)
		return
	}
	in := signs.bytes[int(first)*signs.width:][:len(out)*signs.width]
	_ = in[(len(out)-1)*signs.width+floatBytes+len(words)*signBytes-1]
	differAVX2(&words[0], len(words), &in[floatBytes], signs.width, &out[0], len(out))
}
