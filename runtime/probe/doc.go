// Package probe tries from inside a pod what walls are there to stop:
// connections, DNS questions, the use of a key. It judges nothing.
package probe
