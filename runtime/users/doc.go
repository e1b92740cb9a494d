// Package users has what a tenant keeps of its users: the keys that it made for them, and
// what each of them asked.
package users
