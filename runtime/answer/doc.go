// Package answer is what stands between retrieved text, a chat model and the reader.
// Retrieved text may hold instructions, and a model may follow them. So the text is
// set apart in the prompt, and of what the model says nothing is passed on that a
// browser would fetch or run, no link unless it stood in the sources, and no citation
// of a source that was not given.
//
// The package is pure: it does no I/O and reads no clock.
package answer
