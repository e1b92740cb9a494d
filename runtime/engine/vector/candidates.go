package vector

import "math"

// candidate is a row and the score, in units of the planes' scale, that its signs
// promise.
type candidate struct {
	source, row uint32
	promise     float32
}

// candidates are the most promising of those that are offered: as many as the limit,
// and all that promise as much as the last of them.
type candidates struct {
	kept         []candidate
	limit        int
	floor, below float32 // what is not within promises too little, or too much
}

var minusInfinity = float32(math.Inf(-1))

func newCandidates(limit int, floor, below float32) *candidates {
	return &candidates{limit: limit, floor: floor, below: below}
}

func (c *candidates) admits(promise float32) bool { return promise >= c.floor && promise < c.below }

func (c *candidates) offer(offered candidate) {
	if len(c.kept) == cap(c.kept) && len(c.kept)/2 >= c.limit {
		c.shrink()
	}
	c.kept = append(c.kept, offered)
}

// shrink drops what is beyond the limit.
func (c *candidates) shrink() {
	all := c.kept
	if c.kept, _ = mostPromising(all, c.limit); len(c.kept) < len(all) {
		c.floor = leastPromise(c.kept)
	}
}

// mostPromising divides candidates, which it reorders, into the n most promising and
// all that promise as much as the last of them, and the rest.
func mostPromising(all []candidate, n int) (most, rest []candidate) {
	if n >= len(all) {
		return all, nil
	}
	low, high := 0, len(all)-1
	for low < high {
		i, j := partition(all, low, high)
		switch {
		case n-1 <= j:
			high = j
		case n-1 >= i:
			low = i
		default:
			low = high
		}
	}
	end, last := n, all[n-1].promise
	for i := n; i < len(all); i++ {
		if all[i].promise == last {
			all[i], all[end] = all[end], all[i]
			end++
		}
	}
	return all[:end], all[end:]
}

// partition reorders all[low:high+1] so that none up to j promises less, and none from
// i on more, than any between, which are equal.
func partition(all []candidate, low, high int) (i, j int) {
	pivot := all[low+(high-low)/2].promise
	i, j = low, high
	for i <= j {
		for all[i].promise > pivot {
			i++
		}
		for all[j].promise < pivot {
			j--
		}
		if i <= j {
			all[i], all[j] = all[j], all[i]
			i++
			j--
		}
	}
	return i, j
}

func leastPromise(all []candidate) float32 {
	least := all[0].promise
	for _, c := range all[1:] {
		least = min(least, c.promise)
	}
	return least
}
