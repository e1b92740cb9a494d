//go:build !amd64

package vector

// products writes the dot products of a query's values and those of rows of a column,
// from the first on, as many as out is long.
func products(query []int16, rows column, first uint32, out []int32) {
	plainProducts(query, rows, first, out)
}

// differences writes what differ counts of the signs of rows, from the first on, as many
// as out is long.
func differences(words []planeWords, signs column, first uint32, out []int32) {
	plainDifferences(words, signs, first, out)
}
