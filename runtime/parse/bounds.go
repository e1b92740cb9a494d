package parse

import "time"

// What one file may take. Past a bound the file is refused as TooLarge, unless
// another reason is given: text that silently lacks its end would be worse.
const (
	// MaxBytes is the largest file.
	MaxBytes = 64 << 20

	maxText     = 32 << 20  // bytes of text that come of a file
	maxTitle    = 512       // bytes; a longer title is cut
	maxUnpacked = 256 << 20 // bytes that an archive's entries have together
	maxEntries  = 10_000    // of an archive
	maxDepth    = 500       // of elements in HTML and XML
	maxColumns  = 1_000     // of a table
	maxPages    = 10_000    // of a PDF
	maxParts    = 1_000     // of an e-mail
	maxNesting  = 20        // of parts in an e-mail

	maxSeconds = 20               // of CPU time, else TimedOut
	maxWait    = 60 * time.Second // for the child, else TimedOut
	maxStack   = 64 << 20         // bytes of a goroutine's stack, else Malformed
	maxStderr  = 8 << 10          // bytes of what a child says when it fails
	maxFrame   = maxText + maxTitle + 64
)
