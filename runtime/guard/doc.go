// Package guard decides who may ask, how often, and how far: authentication by
// API key, containment, and limits per tenant and for the whole process.
package guard
