// Package apply brings objects to the API server by server-side apply. It skips
// what is already as intended, refuses what is not ours and takes back drift.
package apply
