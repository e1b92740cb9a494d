// Package pdftext reads the lines of text of a PDF, in the order in which its pages
// draw them, with what shows their structure: places, sizes and weights.
//
// The objects of the file (cross-references, filters, encryption) are pdfcpu's to
// read. Input may be hostile: loops and depth are bounded here, but memory and time
// are not, and the caller sees to them.
package pdftext
