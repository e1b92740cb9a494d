// Package upload sends directories of files to a tenant, and waits until they are
// documents.
package upload
