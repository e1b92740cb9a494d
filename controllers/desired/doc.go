// Package desired says, purely, what should exist: one builder a file, from
// one Input read beforehand to one Set of objects. Nothing here has a client, a
// context or a clock. A builder that returns nil means "must not exist".
package desired
