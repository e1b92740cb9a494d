// Package report holds what an isolation test found, and writes it for people
// and for programs. It is pure.
package report
