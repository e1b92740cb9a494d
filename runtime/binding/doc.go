// Package binding is the contract between the operator and the runtime, and
// with its subpackages all that both import. A Binding is the Secret by which a cell's
// runtime learns of one tenant; an Acknowledgement is the ConfigMap by which
// each runtime replica says which Bindings it serves. The package also holds
// the facts that both sides must agree on: the text of an API key, the roles
// of the database, the paths and ports of a runtime pod.
package binding
