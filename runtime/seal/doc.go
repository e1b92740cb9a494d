// Package seal is the envelope encryption of tenants' data. A KEK wraps a
// tenant's data keys; a Keyring holds them unwrapped under a lease and is the
// only thing that seals and opens: single values (cells), objects of many
// blocks, and MACs. Whatever is sealed is bound to the place it belongs to by
// associated data, so that it opens nowhere else.
package seal
