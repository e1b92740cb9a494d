package vector

// plainProduct is the dot product of a query's values and a row's 8-bit ones, on any
// machine.
func plainProduct(query []int16, row []byte) int32 {
	var a, b, c, d int32
	for len(query) >= 8 && len(row) >= 8 {
		a += int32(query[0])*int32(int8(row[0])) + int32(query[4])*int32(int8(row[4]))
		b += int32(query[1])*int32(int8(row[1])) + int32(query[5])*int32(int8(row[5]))
		c += int32(query[2])*int32(int8(row[2])) + int32(query[6])*int32(int8(row[6]))
		d += int32(query[3])*int32(int8(row[3])) + int32(query[7])*int32(int8(row[7]))
		query, row = query[8:], row[8:]
	}
	for i, value := range query {
		a += int32(value) * int32(int8(row[i]))
	}
	return a + b + c + d
}

// plainProducts writes products on any machine.
func plainProducts(query []int16, rows column, first uint32, out []int32) {
	for i := range out {
		_, values := rows.cut(first + uint32(i))
		out[i] = plainProduct(query, values)
	}
}

// fineProduct is the dot product of a query's values and a row's 4-bit ones.
func fineProduct(query []int16, row []byte) int32 {
	var a, b int32
	for len(query) >= 2 && len(row) >= 1 {
		a += int32(query[0]) * int32(int8(row[0]<<4)>>4)
		b += int32(query[1]) * int32(int8(row[0])>>4)
		query, row = query[2:], row[1:]
	}
	if len(query) == 1 {
		a += int32(query[0]) * int32(int8(row[0]<<4)>>4)
	}
	return a + b
}
